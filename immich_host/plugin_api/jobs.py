"""Jobs: slow work that runs in worker processes, once per request, safe to run twice."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol
from uuid import UUID

from immich_host.plugin_api.assets import AssetType
from immich_host.plugin_api.manifest import Milestone

if TYPE_CHECKING:
    from immich_host.plugin_api.host import Host

type JobRun = Callable[..., Awaitable["Outcome"]]
"""`async def run(ctx, *, asset_id, ...) -> Outcome`; arguments are those of the request, JSON-able."""

type Missing = Callable[["Host"], AsyncIterator[UUID]]
"""Yields the ids of assets that lack this job's result, from a server-side cursor."""

type MadeBy = Callable[["Host"], Mapping[str, Any]]
"""What a result depends on beside the asset: name -> settings section, part of one, name of a model, ..."""

type When = Callable[["Host"], bool]
"""Whether a job is wanted now, by the settings."""


CHAINING_CAUSES: Final = frozenset({"upload", "copy", "library"})
"""Causes of a new asset's way through the milestones; by any other a job runs alone."""

Nightly = Literal["databaseCleanup", "generateMemories", "syncQuotaUsage", "missingThumbnails", "clusterNewFaces"]
"""A switch of Immich's nightly tasks."""


class Outcome(StrEnum):
    """How a job ended; both reach the milestone that the job provides.

    Where the settings decided that there is nothing to make, that is `DONE`: other settings may decide
    otherwise, and then the asset is stale (see `Job.made_by`). `SKIPPED` leaves nothing to be stale.
    """

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

    @property
    def cancelled(self) -> bool:
        """Whether the work is to end: for loops in threads, which nothing else can stop.

        Coroutines are cancelled instead, when the queue is emptied, the asset is erased, the plugin is
        switched off or the time is up: end programs that run and remove half a file in `finally`.
        """
        ...

    async def progress(self, done: float, total: float, note: str = "") -> None:
        """Report how far a long job has come; shown with the queue. Costs nothing, so call it often."""
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
        asset_types: Types of assets for which it runs after its fact, all where empty; others cost it nothing.
            Not for a job that provides a milestone, which every asset has to reach.
        when: Whether it runs after its fact at all, as the settings are: asked at each fact, so it has to be quick.
            Where it is not wanted it costs nothing, and its milestone is passed straight through.
        provides: Milestone that is reached when this job is done or skipped; also in the manifest.
        missing: The assets without a result: behind "run on missing" and the sweep after switching on.
        made_by: What the result depends on. It is kept with each asset's result, and those made by something
            else than now are stale: "run on stale" makes them again, with `force` and the cause `stale`. A
            number of your own in it makes all older results stale when your code does better.
        everything: The assets for "run on all"; all assets that are not trashed where None.
        cron: Five-field cron expression, server's local time; runs with no arguments.
        manual: Immich's manual job name (`POST /jobs`), where it has one.
        nightly: The nightly tasks' switch by which it runs each night, when the settings say, with no arguments.
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
    nightly: Nightly | None = None
    retries: int = 2
    time_limit: float = 3600.0
    unique: str | None = "asset_id"
    starts_queue: bool = field(default=False)
    made_by: MadeBy | None = None
    asset_types: tuple[AssetType, ...] = ()
    when: When | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            ValueError: It provides a milestone for some assets only.
        """
        if self.provides is not None and self.asset_types:
            msg = f"job {self.name} provides {self.provides}, so it runs for assets of every type"
            raise ValueError(msg)


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
