"""Which jobs some worker process can run, so that none drops what only another can."""

import time
from collections.abc import Callable, Mapping

from immich_host.hosting.record import Record
from immich_host.jobs.registry import Registry
from immich_host.plugin_api.database import Database

SEEN_SECONDS = 600.0
"""How long a job that no process has any more is waited for: processes start again, machines too."""

AGAIN_SECONDS = 5.0
"""After which a process that cannot run a job lets the others have it again."""

_STAMP_SECONDS = 60.0
_TRUST_SECONDS = 1.0


class Elsewhere:
    """Processes write down the jobs that they can run; a job off by an administrator's wish is off for all."""

    def __init__(self, db: Database, registry: Registry, records: Callable[[], Mapping[str, Record]]) -> None:
        self._db = db
        self._registry = registry
        self._records = records
        self._stamped: tuple[float, frozenset[str]] = (0.0, frozenset())
        self._dropped: dict[str, tuple[float, bool]] = {}

    async def stamp(self) -> None:
        """Say which jobs this process can run, where that is news."""
        able = frozenset(known.name for known in self._registry.all() if known.enabled)
        at, before = self._stamped
        if able == before and time.monotonic() - at < _STAMP_SECONDS:
            return
        await self._db.execute(
            """INSERT INTO job_seen (job) SELECT unnest($1::text[]) ORDER BY 1
               ON CONFLICT (job) DO UPDATE SET seen_at = now()""",
            sorted(able),
        )
        self._stamped = time.monotonic(), able

    async def droppable(self, jobs: frozenset[str]) -> frozenset[str]:
        """Those of the jobs, which this process cannot run, that nobody is going to run."""
        if not jobs:
            return jobs
        off = await self._off()
        rows = await self._db.fetch(
            "SELECT job FROM job_seen WHERE job = ANY($1) AND seen_at > now() - $2 * interval '1 second'",
            list(jobs),
            SEEN_SECONDS,
        )
        elsewhere = {row["job"] for row in rows}
        return frozenset(job for job in jobs if job.partition(".")[0] in off or job not in elsewhere)

    async def is_droppable(self, job: str) -> bool:
        """As `droppable`, for one job; asked again after a second."""
        at, answer = self._dropped.get(job, (0.0, False))
        if job not in self._dropped or time.monotonic() - at > _TRUST_SECONDS:
            answer = bool(await self.droppable(frozenset({job})))
            self._dropped[job] = time.monotonic(), answer
        return answer

    async def _off(self) -> set[str]:
        """Plugins that an administrator has switched off, and those that require them."""
        rows = await self._db.fetch("SELECT name FROM plugin_state WHERE NOT is_enabled OR purged_at IS NOT NULL")
        off = {row["name"] for row in rows}
        requires = {name: set(one.manifest.requires) for name, one in self._records().items() if one.manifest}
        while more := {name for name, needed in requires.items() if needed & off} - off:
            off |= more
        return off
