"""The jobs: look at an asset, and tend the models. Safe to run twice."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import structlog

from immich_host.plugin_api import Host, Job, JobContext, Outcome
from immich_host.plugin_api.errors import JobFailed
from immich_inference.api import Unavailable
from immich_smartsearch import embedding, store, tending
from immich_smartsearch.asking import is_on
from immich_smartsearch.models import RULES, Model
from immich_smartsearch.settings import ClipSettings
from immich_smartsearch.store import Looked

log = structlog.get_logger("smartsearch")

_RETRIES = 2


async def embed(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Make the vector of an asset's preview, where there is none of this preview by this model yet.

    While the model is being replaced, new photos get the vectors of both: they are to be found at once, and later.
    """
    host, key = ctx.host, UUID(str(asset_id))
    asset = await store.look(host.db, key) if is_on(host) else None
    if asset is None or not asset.is_eligible:
        return Outcome.SKIPPED
    wanted = await store.current(host.db, host.settings(ClipSettings).model_name)
    if asset.preview is None:
        await store.save(host.db, key, wanted.id, None, None)
        return Outcome.SKIPPED
    await _by_the_old_model(host, key, asset, wanted)
    # what was made by an older model or by older rules lacks this model's vector: no need to make all again
    is_forced = ctx.force and ctx.cause != "stale"
    if wanted.id in asset.models and not is_forced:
        return Outcome.DONE
    if wanted.problem is not None and wanted.problem_asset_id != key:
        return Outcome.SKIPPED  # it is asked for again when the model can be used
    try:
        await _make(host, key, asset, wanted)
    except (JobFailed, Unavailable) as error:
        return await _failed(ctx, key, wanted, error)
    if wanted.problem is not None:
        await store.no_problem(host.db, wanted)
        await host.jobs.request("smartsearch.tend", cause="recovered")
    return Outcome.DONE


async def _make(host: Host, asset_id: UUID, asset: Looked, model: Model) -> None:
    vector = await embedding.of_picture(host, model.name, host.files.media_root / (asset.preview or ""))
    if model.dimensions != embedding.dimensions(vector):
        model = await store.with_dimensions(host.db, model, embedding.dimensions(vector))
    await store.save(host.db, asset_id, model.id, asset.preview_id, vector)


async def _by_the_old_model(host: Host, asset_id: UUID, asset: Looked, wanted: Model) -> None:
    old = await store.answering(host.db)
    if old is None or old.id == wanted.id or old.id in asset.models or old.name == wanted.name:
        return
    try:
        await _make(host, asset_id, asset, old)
    except (JobFailed, Unavailable) as error:  # the new model's vector is what matters
        log.debug("the model that is being replaced cannot be used", model=old.name, error=str(error))


async def _failed(ctx: JobContext, asset_id: UUID, wanted: Model, error: JobFailed | Unavailable) -> Outcome:
    """Tell what is wrong: with the picture by its own job, with the model by one of all the jobs."""
    if isinstance(error, Unavailable) and ctx.attempt <= _RETRIES:
        raise error
    problem = await embedding.problem_of(ctx.host, wanted.name)
    if problem is None:
        await store.save_failure(ctx.host.db, asset_id, wanted)
        raise error
    if not await store.note_problem(ctx.host.db, wanted, problem, asset_id):
        return Outcome.SKIPPED
    raise JobFailed(
        f"{problem}. Photos get no vectors by the model {wanted.name} until it can be used; they are then asked for "
        "by themselves. Another model can be chosen in the settings (machineLearning.clip.modelName)."
    ) from error


async def tend(ctx: JobContext) -> Outcome:
    """See to a change of model, to indexes, and to a model that could not be used; one process does it at a time."""
    async with ctx.host.db.try_lock("smartsearch tend") as is_mine:
        if not is_mine or not is_on(ctx.host):
            return Outcome.SKIPPED
        return Outcome.DONE if await tending.tend(ctx) else Outcome.SKIPPED


def made_by(host: Host) -> Mapping[str, Any]:
    """What a vector depends on."""
    return {"model": host.settings(ClipSettings).model_name, "rules": RULES}


async def missing(host: Host) -> AsyncIterator[UUID]:
    """Assets whose preview has no vector by the model that is set; none while smart search is off."""
    if is_on(host):
        wanted = await store.current(host.db, host.settings(ClipSettings).model_name)
        async for asset_id in store.without_vector(host.db, wanted, again=True):
            yield asset_id


JOBS = (
    Job(
        "embed",
        embed,
        queue="smartSearch",
        after="asset_viewable",
        asset_types=("IMAGE", "VIDEO"),
        when=is_on,
        missing=missing,
        made_by=made_by,
        retries=_RETRIES,
        starts_queue=True,
    ),
    Job("tend", tend, queue="backgroundTask", cron="*/5 * * * *", time_limit=6 * 3600.0),
)
