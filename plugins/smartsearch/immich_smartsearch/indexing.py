"""A model's index: built and dropped while others read and write."""

import asyncio
import os

import asyncpg
import structlog

from immich_host.plugin_api import JobContext
from immich_host.plugin_api.database import Database
from immich_smartsearch import store
from immich_smartsearch.models import Model

log = structlog.get_logger("smartsearch")

_LINKS = "m = 16, ef_construction = 256"
"""What makes it find 98 of 100 and more; pgvector's own 64 is built four times as fast and finds 95."""

_MOST_MEMORY = 2048
_LEAST_MEMORY = 64
"""Megabytes. With too little an index takes four times as long to build."""


async def build_index(ctx: JobContext, model: Model) -> None:
    """Build the index; what an interrupted build has left goes first.

    Where it fails it is tried by one process alone: several need shared memory, of which a container may have little.

    Raises:
        asyncpg.PostgresError: It cannot be built; nothing of it is left.
    """
    try:
        await _build(ctx, model)
    except asyncpg.PostgresError as error:
        log.warning("an index was not built; trying once more, with less", model=model.name, error=str(error))
        try:
            await _build(ctx, model, max_parallel_maintenance_workers="0")
        except asyncpg.PostgresError:
            await drop_index(ctx.host.db, model)
            raise


async def _build(ctx: JobContext, model: Model, **settings: str) -> None:
    db = ctx.host.db
    await drop_index(db, model)
    rows = (await store.counts(db)).get(model.id, 0)
    building = asyncio.create_task(
        db.execute_apart(
            f"""CREATE INDEX CONCURRENTLY {model.index} ON smart_search
                USING hnsw ((embedding::halfvec({model.dimensions})) halfvec_cosine_ops) WITH ({_LINKS})
                WHERE model_id = {model.id}""",
            maintenance_work_mem=f"{_megabytes(rows, model.dimensions or 0)}MB",
            **settings,
        )
    )
    try:
        while not (await asyncio.wait({building}, timeout=1.0))[0]:
            done = await store.build_progress(db, model)
            await ctx.progress(done or 0, rows, f"building the index of {model.name}")
    finally:
        building.cancel()
        await asyncio.wait({building})
    building.result()


async def drop_index(db: Database, model: Model) -> None:
    """Drop a model's index, also one that was not completed."""
    await db.execute_apart(f"DROP INDEX CONCURRENTLY IF EXISTS {model.index}")


def _megabytes(rows: int, dimensions: int) -> int:
    """Enough for the whole index, up to a quarter of the machine's memory."""
    wanted = rows * (2 * dimensions + 1200) >> 20
    most = min(_MOST_MEMORY, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 22)
    return max(_LEAST_MEMORY, min(wanted, most))
