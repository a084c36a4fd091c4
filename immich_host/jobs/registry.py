"""Which jobs there are: those of the plugins and the host's own, under one lookup."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from immich_host.hosting.host import HOST, RegisteredJob
from immich_host.plugin_api import Job
from immich_host.plugin_api.manifest import MILESTONES, Milestone


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
    """Looks jobs up in `hosting` at each call, so that a toggle counts at once."""

    def __init__(self, hosting: HostingPort) -> None:
        self._hosting = hosting
        self._own: dict[str, Known] = {}

    def add(self, *jobs: Job) -> None:
        """Register jobs of this room, before workers start (the host's other rooms give theirs to `Hosting`).

        Raises:
            ValueError: A job of that name is there already.
        """
        for job in jobs:
            name = f"{HOST}.{job.name}"
            if name in self._own:
                msg = f"job {name} is registered twice"
                raise ValueError(msg)
            self._own[name] = Known(name, HOST, job, enabled=True)

    def all(self) -> dict[str, Known]:
        """Every known job by full name."""
        return self._own | {name: self._known(found) for name, found in self._hosting.jobs().items()}

    def _known(self, found: RegisteredJob) -> Known:
        return Known(found.name, found.plugin, found.job, self._hosting.is_enabled(found.plugin))

    def get(self, name: str) -> Known | None:
        """The job, also while its plugin is off; None where nobody registered it."""
        if name in self._own:
            return self._own[name]
        found = self._hosting.jobs().get(name)
        return self._known(found) if found else None

    def after(self, fact: str) -> list[Known]:
        """Enabled jobs that run after a fact."""
        return [known for known in self.all().values() if known.enabled and known.job.after == fact]

    def provided(self) -> frozenset[Milestone]:
        """Milestones that an enabled job reaches; the others pass straight through."""
        known = self.all().values()
        return frozenset(k.job.provides for k in known if k.enabled and k.job.provides is not None)

    def queues(self) -> dict[str, list[Known]]:
        """The queues that have jobs."""
        found: dict[str, list[Known]] = {}
        for known in self.all().values():
            found.setdefault(known.job.queue, []).append(known)
        return found

    def unable(self, names: frozenset[str]) -> frozenset[str]:
        """Those of `names` whose jobs are off or gone."""
        able = {name for name, known in self.all().items() if known.enabled}
        return names - able


def order_faults(registry: Registry) -> list[str]:
    """What is wrong with the declared milestones, for the boot to refuse; empty where all is well."""
    faults: list[str] = []
    for known in registry.all().values():
        job = known.job
        if job.provides is None:
            continue
        earlier = [f"asset_{milestone}" for milestone in MILESTONES[: MILESTONES.index(job.provides)]]
        if job.after not in earlier:
            faults.append(f"{known.name} provides {job.provides}, so it runs after one of {', '.join(earlier)}")
    return faults
