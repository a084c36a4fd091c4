"""Wire models of administrators' routes about jobs, which Immich does not have; the command line prints the same."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import MISSING, Field

from immich_host.plugin_api.dto import Dto, QueryDto
from immich_host.plugin_api.types import QueryInt, Timestamp
from immich_host.server.queue_dto import QueueStatisticsDto

type Ids = Annotated[list[UUID], Field(max_length=10_000)]


class WorkQueueDto(Dto):
    """A queue, also of a plugin's own, and how it gets on since it was last empty (`since`).

    `rate` is in jobs a second; `secondsLeft` is null while nothing says it: idle, paused, or just begun.
    """

    name: str
    is_paused: bool
    statistics: QueueStatisticsDto
    since: Timestamp | None
    done: int
    failed: int
    rate: float | None
    seconds_left: float | None


class WorkCommand(StrEnum):
    """What can be done with a queue."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    EMPTY = "empty"
    CLEAR_FAILED = "clear-failed"
    RETRY_FAILED = "retry-failed"


class StartOn(StrEnum):
    """What a queue is started on; `refresh` keeps what is still good, `stale` is what other settings made."""

    ALL = "all"
    MISSING = "missing"
    REFRESH = "refresh"
    STALE = "stale"


class WorkCommandDto(Dto):
    """A command to a queue; `on` is for `start`."""

    command: WorkCommand
    on: StartOn | MISSING = MISSING


class RunningJobDto(Dto):
    """A job that runs now. `done` and `total` are the job's own measure, null while it does not say."""

    id: UUID
    job: str
    queue: str
    asset_id: UUID | None
    file_name: str | None
    attempts: int
    started_at: Timestamp
    done: float | None
    total: float | None
    note: str
    seconds: float
    seconds_left: float | None
    is_cancelled: bool


class FailureStatus(StrEnum):
    """Given up; to be tried again at a time; being tried again now."""

    FAILED = "failed"
    WAITING = "waiting"
    RUNNING = "running"


class FailureDto(Dto):
    """A job whose last attempt failed; `tries` is how many it has in all, `error` may hold a traceback."""

    id: UUID
    job: str
    queue: str
    asset_id: UUID | None
    file_name: str | None
    arguments: dict[str, Any]
    cause: str
    status: FailureStatus
    reason: str
    error: str
    attempts: int
    tries: int
    requested_at: Timestamp
    failed_at: Timestamp | None
    next_try_at: Timestamp | None


class AssetFailureDto(Dto):
    """What has failed for an asset, as its owner sees it."""

    job: str
    queue: str
    status: FailureStatus
    reason: str
    attempts: int
    tries: int
    failed_at: Timestamp | None
    next_try_at: Timestamp | None


class FailuresQuery(QueryDto):
    """Which failures, the job requested last first; `before` is the id of the last one that is known."""

    queue: str | None = None
    job: str | None = None
    asset_id: list[UUID] | None = None
    status: list[FailureStatus] | None = None
    before: UUID | None = None
    limit: Annotated[QueryInt, Field(ge=1, le=1000)] = 100


class FailureChoiceDto(Dto):
    """Which failures; conditions hold together, and with none of them it is all failures."""

    ids: Ids | MISSING = MISSING
    queue: str | MISSING = MISSING
    job: str | MISSING = MISSING
    asset_ids: Ids | MISSING = MISSING


class JobChoiceDto(Dto):
    """Jobs by the ids of their requests."""

    ids: Ids


class AmountDto(Dto):
    """How many jobs it was."""

    amount: int


class ResultStandingDto(Dto):
    """Results of a job on assets, and how many of them are stale: made by something else than `madeBy`."""

    job: str
    queue: str
    results: int
    stale: int
    made_by: dict[str, Any]
