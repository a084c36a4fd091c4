"""Which jobs there are: those of the plugins and the host's own, under one lookup."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from immich_host.hosting.host import HOST, RegisteredJob
from immich_host.plugin_api import Host, Job
from immich_host.plugin_api.manifest import MILESTONES, Milestone

log = structlog.get_logger("jobs")


class HostingPort(Protocol):
    """What this room needs of `hosting.Hosting`."""

    def jobs(self) -> Mapping[str, RegisteredJob]:
        """Every job by full name, also those of plugins that are off."""
        ...

    def is_enabled(self, plugin: str) -> bool:
        """Whether a plugin is on; the host always is."""
        ...

    def has(self, hook: str) -> bool:
        """Whether anybody listens to a fact in this process."""
        ...

    async def publish(self, fact: str, /, **arguments: Any) -> None:
        """Call every listener of a fact; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """A job with its full name; `enabled` as of the lookup."""

    name: str
    plugin: str
    job: Job
    enabled: bool


class Registry:
    """Which jobs there are is read once, as plugins register at boot; whether they are on, at each lookup."""

    def __init__(self, hosting: HostingPort, host: Callable[[], Host] | None = None) -> None:
        """Without a `host` every job is taken for wanted."""
        self._hosting = hosting
        self._host = host
        self._own: dict[str, tuple[str, Job]] = {}
        self._jobs: dict[str, tuple[str, Job]] | None = None

    def add(self, *jobs: Job) -> None:
        """Register jobs of the host itself (`host.<name>`), before workers start.

        Raises:
            ValueError: A job of that name is there already.
        """
        for job in jobs:
            name = f"{HOST}.{job.name}"
            if name in self._own:
                msg = f"job {name} is registered twice"
                raise ValueError(msg)
            self._own[name] = (HOST, job)
        self.read_again()

    def read_again(self) -> None:
        """Have the next lookup ask `hosting` which jobs there are."""
        self._jobs = None

    def _table(self) -> dict[str, tuple[str, Job]]:
        if self._jobs is None:
            self._jobs = self._own | {name: (found.plugin, found.job) for name, found in self._hosting.jobs().items()}
        return self._jobs

    def _known(self, name: str, plugin: str, job: Job) -> Known:
        return Known(name, plugin, job, plugin == HOST or self._hosting.is_enabled(plugin))

    def all(self) -> list[Known]:
        """Every known job."""
        return [self._known(name, plugin, job) for name, (plugin, job) in self._table().items()]

    def get(self, name: str) -> Known | None:
        """The job, also while its plugin is off; None where nobody registered it."""
        found = self._table().get(name)
        return self._known(name, *found) if found else None

    def after(self, fact: str) -> list[Known]:
        """Enabled jobs that run after a fact, and are wanted."""
        found = [self._known(name, plugin, job) for name, (plugin, job) in self._table().items() if job.after == fact]
        return [known for known in found if known.enabled and self._is_wanted(known.name, known.job)]

    def provided(self) -> frozenset[Milestone]:
        """Milestones that an enabled job reaches, and is wanted to; the others pass straight through."""
        return frozenset(
            job.provides
            for name, (plugin, job) in self._table().items()
            if job.provides is not None and self._hosting.is_enabled(plugin) and self._is_wanted(name, job)
        )

    def _is_wanted(self, name: str, job: Job) -> bool:
        """What the plugin says; where it fails to, the job runs and may say so itself."""
        if job.when is None or self._host is None:
            return True
        try:
            return job.when(self._host())
        except Exception:
            log.exception("a plugin cannot say whether its job is wanted", job=name)
            return True

    def queues(self) -> dict[str, list[Known]]:
        """The queues that have jobs."""
        found: dict[str, list[Known]] = {}
        for known in self.all():
            found.setdefault(known.job.queue, []).append(known)
        return found

    def unable(self, names: frozenset[str]) -> frozenset[str]:
        """Those of `names` whose jobs are off or gone."""
        return names - {known.name for known in self.all() if known.enabled}


def order_faults(registry: Registry) -> list[tuple[str, str]]:
    """Plugins whose milestones cannot be reached as declared, each with what is wrong."""
    faults: list[tuple[str, str]] = []
    for known in registry.all():
        job = known.job
        if job.provides is None:
            continue
        earlier = [f"asset_{milestone}" for milestone in MILESTONES[: MILESTONES.index(job.provides)]]
        if job.after not in earlier:
            fault = f"{known.name} provides {job.provides}, so it runs after one of {', '.join(earlier)}"
            faults.append((known.plugin, fault))
    return faults
