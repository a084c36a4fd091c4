"""Wiring: what this plugin hands to the host, and when an asset is looked at again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Host, Job, Routes, Section, hookimpl
from immich_smartsearch import jobs, routes, store
from immich_smartsearch.asking import is_on
from immich_smartsearch.settings import ClipSettings

_SEEN_ANEW = frozenset({"visibility", "is_edited"})
"""Changes after which there may be something to look at that was not before."""


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """Immich's `machineLearning.clip`."""
    return [ClipSettings]


@hookimpl
def register_migrations() -> Path:
    """Vectors, and the models that have made them."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`embed` for assets, `tend` for models."""
    return jobs.JOBS


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """`/search/smart`, and the state of it."""
    return [routes.ROUTES]


@hookimpl
async def api_features(host: Host) -> Mapping[str, bool]:
    """Tell clients whether they may offer it: it is on, and some model can be used."""
    if not is_on(host):
        return {"smartSearch": False}
    name = host.settings(ClipSettings).model_name
    concerned = [model for model in await store.models(host.db) if model.is_answering or model.name == name]
    return {"smartSearch": not concerned or any(model.problem is None for model in concerned)}


@hookimpl
async def settings_changed(old: Section, new: Section, host: Host) -> None:
    """With another model, or switched on, there is much to look at."""
    if old != new and is_on(host):
        await host.jobs.request("smartsearch.tend", cause="settings")


@hookimpl
async def asset_file_written(asset_id: UUID, type: str, host: Host) -> None:
    """A preview that was looked at has changed. New ones are looked at in their turn, when the asset is viewable."""
    if type == "preview" and is_on(host) and await store.seen(host.db, [asset_id]):
        await host.jobs.request("smartsearch.embed", asset_id=asset_id, cause="preview")


@hookimpl
async def asset_changed(asset_id: UUID, fields: Sequence[str], host: Host) -> None:
    """What was hidden is shown, or people see another picture."""
    if not _SEEN_ANEW.isdisjoint(fields) and is_on(host):
        asset = await store.look(host.db, asset_id)
        if asset is not None and asset.is_eligible and asset.preview is not None and not asset.models:
            await host.jobs.request("smartsearch.embed", asset_id=asset_id, cause="shown")


@hookimpl
async def asset_restored(asset_ids: Sequence[UUID], host: Host) -> None:
    """While they were in the trash another model may have come."""
    if is_on(host):
        await host.jobs.request_many("smartsearch.embed", list(asset_ids), cause="restored")


@hookimpl
async def job_failed(job: str, arguments: Mapping[str, Any], host: Host) -> None:
    """Note that nothing came of an asset, whatever the reason, so that a change of model need not wait for it."""
    if job == "smartsearch.embed":
        model = await store.current(host.db, host.settings(ClipSettings).model_name)
        if model.problem is None:
            await store.save_failure(host.db, UUID(str(arguments["asset_id"])), model)
