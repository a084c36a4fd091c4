"""Routes of the tags Jobs and Queues: the same queues in the shapes of older and newer clients."""

from typing import Protocol

from pydantic import MISSING

from immich_host.jobs.counts import Counts
from immich_host.jobs.failures import Wanted
from immich_host.jobs.room import Jobs
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.types import wire_time
from immich_host.plugin_api.web import Routes
from immich_host.server.job_answers import statistics
from immich_host.server.queue_dto import (
    GetQueueJobsQuery,
    JobCreateDto,
    QueueCommand,
    QueueCommandDto,
    QueueDeleteDto,
    QueueJobResponseDto,
    QueueName,
    QueueResponseDto,
    QueueResponseLegacyDto,
    QueuesResponseLegacyDto,
    QueueStatusLegacyDto,
    QueueUpdateDto,
)
from immich_host.server.queue_names import job_name
from immich_host.wire.kernel import Kernel

JOBS = Routes("Jobs")
QUEUES = Routes("Queues")

ROUTES = (JOBS, QUEUES)


class JobsKernel(Kernel, Protocol):
    """A kernel with the jobs room."""

    @property
    def job_room(self) -> Jobs:
        """Commands to queues, and what they hold."""
        ...


@JOBS.get("/jobs", permission=Permission.JOB_READ, admin=True, operation_id="getQueuesLegacy", deprecated=True)
async def legacy_queues(host: JobsKernel) -> QueuesResponseLegacyDto:
    """All queues that Immich has, by name."""
    found = await host.job_room.counts.all()
    return QueuesResponseLegacyDto.model_validate({name.value: _legacy(found[name]) for name in QueueName})


@JOBS.post("/jobs", permission=Permission.JOB_CREATE, admin=True, status=204, operation_id="createJob")
async def create_job(host: JobsKernel, body: JobCreateDto) -> None:
    """Start a job by hand."""
    if not await host.job_room.commands.run_manual(body.name.value):
        raise Refused(400, f"No plugin that is switched on does {body.name.value}")


@JOBS.put(
    "/jobs/{name}",
    permission=Permission.JOB_CREATE,
    admin=True,
    operation_id="runQueueCommandLegacy",
    deprecated=True,
)
async def legacy_command(host: JobsKernel, name: QueueName, body: QueueCommandDto) -> QueueResponseLegacyDto:
    """Start, pause, resume or empty a queue, or clear its failures; answers how it stands then."""
    commands = host.job_room.commands
    match body.command:
        case QueueCommand.START:
            await commands.start(name, "refresh" if body.force is MISSING else "all" if body.force else "missing")
        case QueueCommand.PAUSE | QueueCommand.RESUME:
            await _set_paused(host, name, is_paused=body.command is QueueCommand.PAUSE)
        case QueueCommand.EMPTY:
            await commands.empty(name)
        case QueueCommand.CLEAR_FAILED:
            await host.job_room.failures.clear(Wanted(queue=name))
    return _legacy(await host.job_room.counts.one(name))


@QUEUES.get("/queues", permission=Permission.QUEUE_READ, admin=True, operation_id="getQueues")
async def queues(host: JobsKernel) -> list[QueueResponseDto]:
    """All queues that Immich has."""
    found = await host.job_room.counts.all()
    return [_queue(name, found[name]) for name in QueueName]


@QUEUES.get("/queues/{name}", permission=Permission.QUEUE_READ, admin=True, operation_id="getQueue")
async def queue(host: JobsKernel, name: QueueName) -> QueueResponseDto:
    """One queue."""
    return _queue(name, await host.job_room.counts.one(name))


@QUEUES.put("/queues/{name}", permission=Permission.QUEUE_UPDATE, admin=True, operation_id="updateQueue")
async def update_queue(host: JobsKernel, name: QueueName, body: QueueUpdateDto) -> QueueResponseDto:
    """Pause or resume a queue."""
    if body.is_paused is not MISSING:
        await _set_paused(host, name, is_paused=body.is_paused)
    return _queue(name, await host.job_room.counts.one(name))


@QUEUES.delete("/queues/{name}/jobs", permission=Permission.QUEUE_JOB_DELETE, admin=True, operation_id="emptyQueue")
async def empty_queue(host: JobsKernel, name: QueueName, body: QueueDeleteDto) -> None:
    """Drop the jobs that wait, and on request the failed ones."""
    await host.job_room.commands.empty(name)
    if body.failed is True:
        await host.job_room.failures.clear(Wanted(queue=name))


@QUEUES.get("/queues/{name}/jobs", permission=Permission.QUEUE_JOB_READ, admin=True, operation_id="getQueueJobs")
async def queue_jobs(host: JobsKernel, name: QueueName, query: GetQueueJobsQuery) -> list[QueueJobResponseDto]:
    """Up to 1000 jobs of a queue. `data` holds our own name of the job, its arguments, and how it stands."""
    found = await host.job_room.counts.listed(name, [status.value for status in query.status or ()])
    return [
        QueueJobResponseDto(
            id=str(job.id),
            name=job_name(job.job, job.queue),
            timestamp=int(job.created_at.timestamp() * 1000),
            data={
                **job.arguments,
                "job": job.job,
                "status": job.status,
                "cause": job.cause,
                "attempts": job.attempts,
                **({"error": job.error} if job.error else {}),
                **({"progress": job.progress} if job.progress else {}),
                **({"nextTry": wire_time(job.next_try_at)} if job.next_try_at else {}),
            },
        )
        for job in found
    ]


def refuse_pause(name: str) -> None:
    """The queue of the server's own work is never paused.

    Raises:
        Refused: 400.
    """
    if name == QueueName.BACKGROUND_TASK:
        raise Refused(400, "The queue backgroundTask cannot be paused")


async def _set_paused(host: JobsKernel, name: QueueName, *, is_paused: bool) -> None:
    if is_paused:
        refuse_pause(name)
    commands = host.job_room.commands
    await (commands.pause(name) if is_paused else commands.resume(name))


def _legacy(counts: Counts) -> QueueResponseLegacyDto:
    return QueueResponseLegacyDto(
        job_counts=statistics(counts),
        queue_status=QueueStatusLegacyDto(is_active=counts.active > 0, is_paused=counts.is_paused),
    )


def _queue(name: QueueName, counts: Counts) -> QueueResponseDto:
    return QueueResponseDto(name=name, is_paused=counts.is_paused, statistics=statistics(counts))
