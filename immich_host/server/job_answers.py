"""From what the jobs room knows to what clients and the terminal are shown."""

from pydantic import MISSING

from immich_host.jobs.counts import Counts
from immich_host.jobs.failures import Failure, Wanted
from immich_host.jobs.progress import Running, Work
from immich_host.jobs.results import Standing
from immich_host.server.job_dto import (
    AssetFailureDto,
    FailureChoiceDto,
    FailureDto,
    FailureStatus,
    ResultStandingDto,
    RunningJobDto,
    WorkQueueDto,
)
from immich_host.server.queue_dto import QueueStatisticsDto


def statistics(counts: Counts) -> QueueStatisticsDto:
    """Immich's numbers of a queue."""
    return QueueStatisticsDto(
        active=counts.active,
        completed=counts.completed,
        delayed=counts.delayed,
        failed=counts.failed,
        paused=counts.paused,
        waiting=counts.waiting,
    )


def queue(work: Work) -> WorkQueueDto:
    """A queue and how it gets on."""
    return WorkQueueDto(
        name=work.name,
        is_paused=work.counts.is_paused,
        statistics=statistics(work.counts),
        since=work.since,
        done=work.done,
        failed=work.failed,
        rate=None if work.rate is None else round(work.rate, 4),
        seconds_left=None if work.seconds_left is None else round(work.seconds_left, 1),
    )


def running(run: Running) -> RunningJobDto:
    """A job that runs now."""
    return RunningJobDto(
        id=run.id,
        job=run.job,
        queue=run.queue,
        asset_id=run.asset_id,
        file_name=run.file_name,
        attempts=run.attempts,
        started_at=run.started_at,
        done=run.done,
        total=run.total,
        note=run.note,
        seconds=round(run.seconds, 1),
        seconds_left=None if run.seconds_left is None else round(run.seconds_left, 1),
        is_cancelled=run.is_cancelled,
    )


def failure(found: Failure) -> FailureDto:
    """A failure with everything that is known of it."""
    return FailureDto(
        id=found.id,
        job=found.job,
        queue=found.queue,
        asset_id=found.asset_id,
        file_name=found.file_name,
        arguments=found.arguments,
        cause=found.cause,
        status=FailureStatus(found.status),
        reason=found.reason,
        error=found.error,
        attempts=found.attempts,
        tries=found.tries,
        requested_at=found.requested_at,
        failed_at=found.failed_at,
        next_try_at=found.next_try_at,
    )


def asset_failure(found: Failure) -> AssetFailureDto:
    """A failure without what concerns administrators only."""
    return AssetFailureDto(
        job=found.job,
        queue=found.queue,
        status=FailureStatus(found.status),
        reason=found.reason,
        attempts=found.attempts,
        tries=found.tries,
        failed_at=found.failed_at,
        next_try_at=found.next_try_at,
    )


def standing(found: Standing) -> ResultStandingDto:
    """Results of a job."""
    return ResultStandingDto(
        job=found.job, queue=found.queue, results=found.results, stale=found.stale, made_by=found.made_by
    )


def wanted(choice: FailureChoiceDto) -> Wanted:
    """Which failures a body means."""
    return Wanted(
        ids=None if choice.ids is MISSING else choice.ids,
        queue=None if choice.queue is MISSING else choice.queue,
        job=None if choice.job is MISSING else choice.job,
        asset_ids=None if choice.asset_ids is MISSING else choice.asset_ids,
    )
