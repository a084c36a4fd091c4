"""What is to be done for models beside looking at assets; each step may be repeated, and goes on where it was left."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import structlog

from immich_host.plugin_api import Host, JobContext
from immich_host.plugin_api.errors import JobFailed
from immich_smartsearch import embedding, store
from immich_smartsearch.indexing import build_index, drop_index
from immich_smartsearch.models import MOST_DIMENSIONS, Model
from immich_smartsearch.searching import EXACT
from immich_smartsearch.settings import ClipSettings

log = structlog.get_logger("smartsearch")

_ASK_AGAIN = timedelta(hours=1)
"""After so long without an end, what is still lacking is asked for again: somebody may have emptied the queue."""
_BUILD_AGAIN = timedelta(hours=6)
"""After so long an index that could not be built is tried again: each try takes the database long."""
_GRACE = timedelta(minutes=1)
"""So long after a model was replaced, searches by its vectors may still be under way."""
_PAGE = 1000


async def tend(ctx: JobContext) -> bool:
    """Do what is to be done now; whether there was anything.

    Raises:
        JobFailed: An index cannot be built; everything else is done.
    """
    host = ctx.host
    wanted = await store.current(host.db, host.settings(ClipSettings).model_name)
    if wanted.problem is not None and await embedding.problem_of(host, wanted.name) is None:
        await store.no_problem(host.db, wanted)
        wanted = await store.current(host.db, wanted.name)
        log.info("the model can be used again", model=wanted.name)
    did = await _ask(ctx, wanted) if wanted.problem is None else False
    before = await store.answering(host.db) or wanted
    is_complete = before.id == wanted.id or await store.covers(host.db, wanted, before)
    answering = wanted if is_complete else before
    failure: JobFailed | None = None
    try:
        did |= await _index(ctx, answering)
    except JobFailed as error:  # it answers all the same
        failure = error
    if answering.id != before.id:
        await store.answer_by(host.db, answering)
        log.info("searches are answered by another model", model=answering.name, before=before.name)
        did = True
    await store.retire_all_but(host.db, [wanted, answering])
    did |= await _forget_retired(ctx)
    if failure is not None:
        raise failure
    return did


async def _ask(ctx: JobContext, model: Model) -> bool:
    """Have all assets looked at that this model has not seen."""
    now = datetime.now(UTC)
    if model.asked_at is not None and (model.is_answering or now - model.asked_at < _ASK_AGAIN):
        return False
    page: list[UUID] = []
    total = 0
    async for asset_id in store.without_vector(ctx.host.db, model, again=False):
        page.append(asset_id)
        if len(page) == _PAGE:
            total += await _request(ctx.host, page)
            await ctx.progress(total, total, f"asking for vectors by {model.name}")
            page = []
    total += await _request(ctx.host, page)
    await store.asked(ctx.host.db, model)
    return total > 0


async def _request(host: Host, asset_ids: list[UUID]) -> int:
    return await host.jobs.request_many("smartsearch.embed", asset_ids, cause="model")


async def _index(ctx: JobContext, model: Model) -> bool:
    """Build a model's index where it is large enough for one and has none.

    Raises:
        JobFailed: It cannot be built; it is tried again after `_BUILD_AGAIN`.
    """
    if model.is_indexed or model.dimensions is None or model.dimensions > MOST_DIMENSIONS:
        return False
    if not await store.has_more_than(ctx.host.db, model, EXACT):
        return False
    if model.index_failed_at is not None and datetime.now(UTC) - model.index_failed_at < _BUILD_AGAIN:
        return False
    try:
        await build_index(ctx, model)
    except asyncpg.PostgresError as error:
        await store.index_failed(ctx.host.db, model)
        raise JobFailed(
            f"The index of the vectors by {model.name} cannot be built: {error}. Searches compare with all vectors "
            "meanwhile, which is slower. See to the database's disk space and memory (in a container also /dev/shm); "
            f"it is tried again in {_BUILD_AGAIN.total_seconds() / 3600:.0f} hours."
        ) from error
    return True


async def _forget_retired(ctx: JobContext) -> bool:
    db = ctx.host.db
    did = False
    for model in await store.models(db):
        if model.retired_at is None or model.is_answering or datetime.now(UTC) - model.retired_at < _GRACE:
            continue
        await drop_index(db, model)
        while not await store.forget_some(db, model, 5 * _PAGE):
            await ctx.progress(0, 0, f"removing the vectors of {model.name}")
        did = True
    return did
