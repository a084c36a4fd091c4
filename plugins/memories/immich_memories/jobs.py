"""The night's jobs. Safe to run twice."""

from datetime import UTC, datetime

from immich_host.plugin_api import Job, JobContext, Outcome
from immich_memories import making_store
from immich_memories.days import pairs


async def generate(ctx: JobContext) -> Outcome:
    """Make the memories of the days around today for every user who wants them; one statement for each."""
    host, made = ctx.host, 0
    wanted = pairs(datetime.now(UTC).date())
    async for owner_id in making_store.owners(host.db):
        if await host.users.preference(owner_id, "memories", "enabled"):
            made += await making_store.make(host.db, owner_id, wanted)
    return Outcome.DONE if made else Outcome.SKIPPED


async def tidy(ctx: JobContext) -> Outcome:
    """Delete memories that nobody has saved in 30 days, and take out what has left the timeline."""
    gone = await making_store.forget(ctx.host.db) + await making_store.leave(ctx.host.db)
    return Outcome.DONE if gone else Outcome.SKIPPED


JOBS = (
    Job("generate", generate, queue="backgroundTask", manual="memory-create", nightly="generateMemories"),
    Job("tidy", tidy, queue="backgroundTask", manual="memory-cleanup", nightly="databaseCleanup"),
)
