"""Routes about jobs beyond Immich's own: how queues get on, what failed and why, what is stale."""

from uuid import UUID

from pydantic import MISSING

from immich_host.jobs.failures import Wanted
from immich_host.plugin_api.errors import NotFound, Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, Routes
from immich_host.server import job_answers
from immich_host.server.job_dto import (
    AmountDto,
    AssetFailureDto,
    FailureChoiceDto,
    FailureDto,
    FailuresQuery,
    JobChoiceDto,
    ResultStandingDto,
    RunningJobDto,
    StartOn,
    WorkCommand,
    WorkCommandDto,
    WorkQueueDto,
)
from immich_host.server.queue_routes import JobsKernel, refuse_pause

routes = Routes("Jobs (admin)")
READ = {"permission": Permission.QUEUE_READ, "admin": True}
READ_JOBS = {"permission": Permission.QUEUE_JOB_READ, "admin": True}


@routes.get("/admin/queues", operation_id="getWorkQueues", **READ)
async def queues(host: JobsKernel) -> list[WorkQueueDto]:
    """All queues, also those of plugins: what they hold, how fast they get on, how long it will take."""
    return [job_answers.queue(work) for work in await host.job_room.progress.work()]


@routes.get("/admin/queues/{name}", operation_id="getWorkQueue", **READ)
async def queue(host: JobsKernel, name: str) -> WorkQueueDto:
    """One queue."""
    for work in await host.job_room.progress.work():
        if work.name == name:
            return job_answers.queue(work)
    raise NotFound(f"No queue is called {name}")


@routes.put("/admin/queues/{name}", operation_id="commandWorkQueue", permission=Permission.QUEUE_UPDATE, admin=True)
async def command(host: JobsKernel, name: str, body: WorkCommandDto) -> WorkQueueDto:
    """Start a queue on all assets, those without a result or with a stale one, or pause, resume, empty it, ...

    What runs in a queue that is emptied is cancelled.
    """
    room = host.job_room
    if name not in room.counts.names():
        raise NotFound(f"No queue is called {name}")
    match body.command:
        case WorkCommand.START:
            if body.on is MISSING:
                raise Refused(400, "A start says on what: all, missing, refresh or stale")
            await room.commands.start(name, StartOn(body.on).value)
        case WorkCommand.PAUSE:
            refuse_pause(name)
            await room.commands.pause(name)
        case WorkCommand.RESUME:
            await room.commands.resume(name)
        case WorkCommand.EMPTY:
            await room.commands.empty(name)
        case WorkCommand.CLEAR_FAILED:
            await room.failures.clear(Wanted(queue=name))
        case WorkCommand.RETRY_FAILED:
            await room.failures.retry(Wanted(queue=name))
    return await queue(host, name)


@routes.get("/admin/jobs/running", operation_id="getRunningJobs", **READ_JOBS)
async def running(host: JobsKernel) -> list[RunningJobDto]:
    """Up to 100 jobs that run now, the longest first."""
    return [job_answers.running(run) for run in await host.job_room.progress.running()]


@routes.post(
    "/admin/jobs/cancel",
    operation_id="cancelJobs",
    permission=Permission.QUEUE_JOB_DELETE,
    admin=True,
    status=200,
)
async def cancel(host: JobsKernel, body: JobChoiceDto) -> AmountDto:
    """End jobs that run, within seconds, and forget those that wait."""
    return AmountDto(amount=await host.job_room.commands.cancel(body.ids))


@routes.get("/admin/jobs/failures", operation_id="getJobFailures", **READ_JOBS)
async def failures(host: JobsKernel, query: FailuresQuery) -> list[FailureDto]:
    """Jobs whose last attempt failed: given up, or to be tried again."""
    found = await host.job_room.failures.find(
        Wanted(queue=query.queue, job=query.job, asset_ids=query.asset_id),
        statuses=[status.value for status in query.status or ()],
        before=query.before,
        limit=query.limit,
    )
    return [job_answers.failure(each) for each in found]


@routes.post(
    "/admin/jobs/failures/retry",
    operation_id="retryJobFailures",
    permission=Permission.QUEUE_JOB_UPDATE,
    admin=True,
    status=200,
)
async def retry(host: JobsKernel, body: FailureChoiceDto) -> AmountDto:
    """Try failures again now, those given up with all their attempts."""
    return AmountDto(amount=await host.job_room.failures.retry(job_answers.wanted(body)))


@routes.post(
    "/admin/jobs/failures/clear",
    operation_id="clearJobFailures",
    permission=Permission.QUEUE_JOB_DELETE,
    admin=True,
    status=200,
)
async def clear(host: JobsKernel, body: FailureChoiceDto) -> AmountDto:
    """Forget jobs that were given up."""
    return AmountDto(amount=await host.job_room.failures.clear(job_answers.wanted(body)))


@routes.get("/admin/jobs/results", operation_id="getJobResults", **READ)
async def results(host: JobsKernel) -> list[ResultStandingDto]:
    """How many results of each job there are, and how many of them are stale by the settings as they are now."""
    return [job_answers.standing(found) for found in await host.job_room.results.standings()]


@routes.get("/assets/{id}/failed-jobs", operation_id="getFailedJobsOfAsset", permission=Permission.ASSET_READ)
async def failures_of_asset(host: JobsKernel, caller: Caller, id: UUID) -> list[AssetFailureDto]:
    """What has failed for an asset of one's own, with the reason and when it will be tried again."""
    await host.access.require_assets(caller, Permission.ASSET_UPDATE, [id])
    found = await host.job_room.failures.find(Wanted(asset_ids=[id]))
    return [job_answers.asset_failure(each) for each in found]
