"""Jobs of the credentials."""

from collections.abc import Mapping, Sequence
from typing import Final

from immich_host.auth import store
from immich_host.plugin_api.jobs import Job, JobContext, Outcome


async def clean_up_sessions(ctx: JobContext) -> Outcome:
    """Delete sessions that nobody can use any more."""
    return Outcome.DONE if await store.delete_dead_sessions(ctx.host.db) else Outcome.SKIPPED


HOST_JOBS: Final[Sequence[Job]] = (Job("session_cleanup", run=clean_up_sessions, queue="backgroundTask", unique=None),)
"""The host's own jobs of this room; their full names begin with `host.`."""

NIGHTLY: Final[Mapping[str, Sequence[str]]] = {"databaseCleanup": ("host.session_cleanup",)}
"""Switch of the nightly tasks -> full names of the jobs that it runs."""
