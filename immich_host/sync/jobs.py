"""The night's job of the sync room."""

from collections.abc import Mapping, Sequence
from typing import Final

from immich_host.plugin_api.jobs import Job, JobContext, Outcome
from immich_host.sync.store import prune
from immich_host.sync.streaming import KEPT_DAYS

_PRUNE: Final = "host.audit_cleanup"


async def forget_deletions(ctx: JobContext) -> Outcome:
    """Forget what was deleted so long ago that every client has heard of it, or begins anew."""
    return Outcome.DONE if await prune(ctx.host.db, KEPT_DAYS) else Outcome.SKIPPED


HOST_JOBS: Sequence[Job] = (Job("audit_cleanup", run=forget_deletions, queue="backgroundTask"),)
NIGHTLY: Mapping[str, Sequence[str]] = {"databaseCleanup": (_PRUNE,)}
