"""Wiring: what this plugin hands to the host, and when groups change."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

from immich_duplicates import groups_store, jobs, routes, store, task
from immich_duplicates.groups import CAUSE
from immich_duplicates.settings import DuplicateDetection, Fingerprints
from immich_host.plugin_api import Host, Job, Routes, Section, hookimpl
from immich_host.plugin_api.jobs import CHAINING_CAUSES
from immich_inference.api import Step

_PLACES = frozenset({"visibility", "stack_id"})


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """Immich's part `duplicateDetection` of `machineLearning`, and what is this plugin's own."""
    return [DuplicateDetection, Fingerprints]


@hookimpl
def register_migrations() -> Path:
    """Fingerprints, matches, and what people have settled."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`find`, and what keeps groups right."""
    return jobs.JOBS


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """Groups."""
    return [routes.ROUTES]


@hookimpl(optional=True)
def inference_tasks() -> Sequence[Step]:
    """`duplicate-detection`."""
    return task.STEPS


@hookimpl
async def api_features(host: Host) -> Mapping[str, bool]:
    """Tell clients whether duplicates are looked for."""
    return {"duplicateDetection": jobs.is_wanted(host)}


@hookimpl
async def asset_file_written(asset_id: UUID, type: str, cause: str, host: Host) -> None:
    """A photo that was skipped for want of a preview has one now; new assets come by in their turn."""
    if type == "preview" and cause not in CHAINING_CAUSES and jobs.is_wanted(host):
        asset = await store.looked_at(host.db, asset_id)
        if asset is not None and asset.recipe is None:
            await host.jobs.request(jobs.FIND, asset_id=asset_id, cause="preview")


@hookimpl
async def asset_trashed(asset_ids: Sequence[UUID], owner_id: UUID, host: Host) -> None:
    """What is in the trash is in no group."""
    await _left(host, owner_id, asset_ids)


@hookimpl
async def asset_restored(asset_ids: Sequence[UUID], host: Host) -> None:
    """What came back may have duplicates; what it looks like is known."""
    await _came_back(host, asset_ids)


@hookimpl
async def asset_deleted(owner_id: UUID, host: Host) -> None:
    """The group of what is gone may have one asset left."""
    await host.jobs.request(jobs.TIDY, cause=CAUSE, owner_id=owner_id)


@hookimpl
async def asset_changed(asset_id: UUID, owner_id: UUID, fields: Sequence[str], cause: str, host: Host) -> None:
    """Hidden, locked and stacked assets are in no group; somebody who takes one out of its group means it."""
    if not _PLACES.isdisjoint(fields):
        asset = await store.looked_at(host.db, asset_id)
        if asset is not None and asset.is_candidate:
            await _came_back(host, [asset_id])
        elif asset is not None:
            await _left(host, owner_id, [asset_id])
    if "duplicate_id" in fields and cause != CAUSE:
        settled = await groups_store.settle_cleared(host.db, asset_id)
        if settled is not None:
            await _regroup(host, *settled)


async def _left(host: Host, owner_id: UUID, asset_ids: Sequence[UUID]) -> None:
    for group in await groups_store.groups_of(host.db, asset_ids):
        await _regroup(host, owner_id, group)


async def _regroup(host: Host, owner_id: UUID, group: UUID) -> None:
    await host.jobs.request(jobs.REGROUP, cause=CAUSE, duplicate_id=group, owner_id=owner_id)


async def _came_back(host: Host, asset_ids: Sequence[UUID]) -> None:
    known = await groups_store.with_fingerprint(host.db, list(asset_ids))
    await host.jobs.request_many(jobs.FIND, known, cause="returned")
