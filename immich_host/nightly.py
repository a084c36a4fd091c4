"""The host's own jobs, and the night's: which of them run is for the settings to say."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import structlog

from immich_host.assets import jobs as assets
from immich_host.auth import jobs as auth
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.jobs import Job, JobContext, Outcome
from immich_host.settings.store import NightlyTasksSection
from immich_host.sync import jobs as sync
from immich_host.users import jobs as users

if TYPE_CHECKING:
    from immich_host.kernel import HostKernel

log = structlog.get_logger("jobs")

HOST_JOBS: tuple[Job, ...] = (*assets.HOST_JOBS, *auth.HOST_JOBS, *sync.HOST_JOBS, *users.HOST_JOBS)

NIGHTLY: Sequence[Mapping[str, Sequence[str]]] = (assets.NIGHTLY, auth.NIGHTLY, sync.NIGHTLY, users.NIGHTLY)

QUEUES = {"missingThumbnails": "thumbnailGeneration", "clusterNewFaces": "facialRecognition"}
"""Switch of the nightly tasks -> queue that is started on what is missing."""

NAME = "host.nightly"


class Nightly:
    """The job that starts the night's jobs at the time that the settings name."""

    def __init__(self, kernel: "HostKernel") -> None:
        self._kernel = kernel
        self.job = Job("nightly", run=self._run, queue="backgroundTask", cron="0 0 * * *")

    def cron(self, name: str, declared: str | None) -> str | None:
        """The cron expression that counts for a job."""
        if name != NAME:
            return declared
        hour, _, minute = self._kernel.settings(NightlyTasksSection).start_time.partition(":")
        return f"{int(minute)} {int(hour)} * * *"

    async def _run(self, ctx: JobContext) -> Outcome:
        on = self._kernel.settings(NightlyTasksSection).model_dump(by_alias=True)
        for switches in NIGHTLY:
            for switch, names in switches.items():
                for name in names if on[switch] else ():
                    await ctx.host.jobs.request(name, cause="schedule")
        for known in self._kernel.job_room.registry.all():
            if known.enabled and known.job.nightly is not None and on[known.job.nightly]:
                await ctx.host.jobs.request(known.name, cause="schedule")
        for switch, queue in QUEUES.items():
            if on[switch]:
                await self._start(queue)
        return Outcome.DONE

    async def _start(self, queue: str) -> None:
        try:
            await self._kernel.job_room.commands.start(queue, "missing")
        except Refused as refusal:  # it is at work already
            log.info("a queue was not started", queue=queue, reason=refusal.message)
