"""The jobs: look at an asset and find its duplicates, and keep groups right when assets leave. Safe to run twice."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

from immich_duplicates import fingerprints, groups, groups_store, matching, store
from immich_duplicates.settings import DuplicateDetection
from immich_host.plugin_api import Host, Job, JobContext, Outcome
from immich_inference.api import is_enabled

FIND, REGROUP, TIDY = "duplicates.find", "duplicates.regroup", "duplicates.tidy"

KEPT_BY = frozenset({"stale", "missing", "returned"})
"""Causes for which a fingerprint made as it would be made now is good enough."""

RULES = 1
"""Raised when pictures are compared in another way."""


def is_wanted(host: Host) -> bool:
    """Whether duplicates are looked for, by the settings."""
    return is_enabled(host) and host.settings(DuplicateDetection).enabled


async def find(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Note what an asset looks like, and put it into a group with those that show the same."""
    host = ctx.host
    asset = await store.looked_at(host.db, UUID(str(asset_id)))
    if asset is None or asset.type not in {"IMAGE", "VIDEO"}:
        return Outcome.SKIPPED
    if not asset.is_candidate:
        await groups.regroup(host, asset.owner_id, [asset.id])
        return Outcome.SKIPPED
    if not is_wanted(host):
        return Outcome.DONE
    is_kept = ctx.cause in KEPT_BY and asset.recipe == fingerprints.recipe(host)
    if not is_kept and not await fingerprints.make(host, asset):
        return Outcome.SKIPPED
    known = await groups_store.matched(host.db, asset.id)
    await groups.link(host, asset, await matching.matches_of(ctx, asset), known)
    await host.assets.mark_job(asset.id, "duplicates_detected_at")
    return Outcome.DONE


async def regroup(ctx: JobContext, *, duplicate_id: str | UUID, owner_id: str | UUID) -> Outcome:
    """Group anew what is in a group, as some of it has left."""
    await groups.regroup(ctx.host, UUID(str(owner_id)), groups=[UUID(str(duplicate_id))])
    return Outcome.DONE


async def tidy(ctx: JobContext, *, owner_id: str | UUID) -> Outcome:
    """Dissolve an owner's groups that have fewer than two assets left."""
    return Outcome.DONE if await groups.tidy(ctx.host, UUID(str(owner_id))) else Outcome.SKIPPED


async def missing(host: Host) -> AsyncIterator[UUID]:
    """Assets that were never looked at; none while duplicates are not looked for."""
    if is_wanted(host):
        async for asset_id in store.not_looked_at(host.db):
            yield asset_id


async def everything(host: Host) -> AsyncIterator[UUID]:
    """Assets that could be in a group."""
    async for asset_id in store.candidates(host.db):
        yield asset_id


def made_by(host: Host) -> Mapping[str, Any]:
    """What matches depend on: the setting, the model, and how pictures are prepared and compared, by number."""
    return {
        "duplicateDetection": host.settings(DuplicateDetection),
        "fingerprint": fingerprints.recipe(host),
        "rules": RULES,
    }


JOBS = (
    Job(
        "find",
        find,
        queue="duplicateDetection",
        after="asset_viewable",
        asset_types=("IMAGE", "VIDEO"),
        when=is_wanted,
        missing=missing,
        everything=everything,
        made_by=made_by,
        time_limit=900.0,
        starts_queue=True,
    ),
    Job("regroup", regroup, queue="duplicateDetection", unique="duplicate_id", time_limit=600.0),
    Job("tidy", tidy, queue="duplicateDetection", unique="owner_id", time_limit=600.0),
)
