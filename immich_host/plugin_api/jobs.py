"""Jobs: slow work that runs in worker processes, once per request, safe to run twice."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from immich_host.plugin_api.manifest import Milestone

if TYPE_CHECKING:
    from immich_host.plugin_api.host import Host

type JobRun = Callable[..., Awaitable["Outcome"]]
"""`async def run(ctx, *, asset_id, ...) -> Outcome`; arguments are those of the request, JSON-able."""

type Missing = Callable[["Host"], AsyncIterator[UUID]]
"""Yields the ids of assets that lack this job's result, from a server-side cursor."""


class Outcome(StrEnum):
    """How a job ended; both reach the milestone that the job provides."""

    DONE = "done"
    SKIPPED = "skipped"


class JobContext(Protocol):
    """What a running job is given beside its arguments."""

    @property
    def host(self) -> "Host":
        """The host's ports."""
        ...

    @property
    def job(self) -> str:
        """Full name, `<plugin>.<job>`."""
        ...

    @property
    def cause(self) -> str:
        """What started it: `upload`, `copy`, `library`, `rerun`, `edit`, `schedule`, `manual`, ..."""
        ...

    @property
    def attempt(self) -> int:
        """1 for the first try."""
        ...

    @property
    def force(self) -> bool:
        """Do the work even where a result is there already."""
        ...

    async def progress(self, done: float, total: float, note: str = "") -> None:
        """Report how far a long job has come; shown with the queue."""
        ...

    async def in_thread[T](self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run blocking or CPU-bound work off the event loop."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """Declaration of a job; `register_jobs` returns a list of them.

    Args:
        name: Short name; the full name is `<plugin>.<name>`.
        run: The work.
        queue: Immich's wire name where Immich has the queue, else the plugin's name.
        after: Fact after which the job runs for the fact's asset, e.g. `asset_viewable`.
        provides: Milestone that is reached when this job is done or skipped; also in the manifest.
        missing: The assets without a result: behind "run on missing" and the sweep after switching on.
        everything: The assets for "run on all"; all assets that are not trashed where None.
        cron: Five-field cron expression, server's local time; runs with no arguments.
        manual: Immich's manual job name (`POST /jobs`), where it has one.
        retries: Further tries after the first failure.
        time_limit: Seconds after which a run is cancelled and counts as failed.
        unique: Name of the argument by which requests are the same while one still waits.
        starts_queue: The queue's "start" command runs this job (one job a queue).
    """

    name: str
    run: JobRun
    queue: str
    after: str | None = None
    provides: Milestone | None = None
    missing: Missing | None = None
    everything: Missing | None = None
    cron: str | None = None
    manual: str | None = None
    retries: int = 2
    time_limit: float = 3600.0
    unique: str | None = "asset_id"
    starts_queue: bool = field(default=False)


class JobsPort(Protocol):
    """Requesting jobs from code; a request is a row written in the current transaction."""

    async def request(
        self,
        job: str,
        /,
        *,
        cause: str = "manual",
        force: bool = False,
        chain: bool | None = None,
        delay: float = 0.0,
        **arguments: Any,
    ) -> UUID | None:
        """Ask for one run of `job` (full name); None where an equal one still waits or the job is off.

        Args:
            job: `<plugin>.<job>`.
            cause: Why; the job sees it.
            force: Do the work even where a result is there already.
            chain: Go on to what follows the job's milestone; by default only for uploads and the like.
            delay: Seconds to wait before it runs.
            **arguments: The job's own, JSON-able; ids may be UUIDs.
        """
        ...

    async def request_many(
        self, job: str, asset_ids: list[UUID], /, *, cause: str = "manual", force: bool = False
    ) -> int:
        """Ask for a run per asset; returns how many rows were written."""
        ...
