"""What the queues hold: exact counts and lists of jobs, straight from their rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from immich_host.jobs.queues import QUEUES
from immich_host.jobs.registry import Registry
from immich_host.jobs.store import ATTEMPTS
from immich_host.plugin_api.database import Database

Status = Literal["active", "waiting", "delayed", "failed", "paused", "completed"]

_STATUS = """CASE WHEN failed_at IS NOT NULL THEN 'failed' WHEN started_at IS NOT NULL THEN 'active'
             WHEN run_at > now() THEN 'delayed' WHEN coalesce(is_paused, false) THEN 'paused' ELSE 'waiting' END"""


@dataclass(frozen=True, slots=True)
class Counts:
    """Jobs of a queue by status. In a paused queue what would wait counts as paused; done jobs leave no row."""

    active: int = 0
    waiting: int = 0
    delayed: int = 0
    failed: int = 0
    paused: int = 0
    completed: int = 0
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """One job of a queue; `progress` is {done, total, note} of a long one."""

    id: UUID
    job: str
    queue: str
    status: Status
    arguments: dict[str, Any]
    cause: str
    created_at: datetime
    attempts: int
    error: str | None
    progress: dict[str, Any] | None
    next_try_at: datetime | None


class Counting:
    """Reads the job rows for the API."""

    def __init__(self, db: Database, registry: Registry) -> None:
        self._db = db
        self._registry = registry

    def names(self) -> list[str]:
        """Immich's queues, then those that plugins brought."""
        return [*QUEUES, *sorted(self._registry.queues().keys() - QUEUES.keys())]

    async def all(self) -> dict[str, Counts]:
        """Every queue's counts, also of queues without any job, by one statement."""
        rows = await self._db.fetch(
            f"""SELECT queue, {_STATUS} AS status, count(*) AS n
                FROM job_request LEFT JOIN queue_state ON name = queue GROUP BY 1, 2
                UNION ALL SELECT name, NULL, 0 FROM queue_state WHERE is_paused"""  # noqa: S608 - constants
        )
        found: dict[str, dict[str, Any]] = {name: {} for name in self.names()}
        for row in rows:
            if row["queue"] not in found:
                continue
            if row["status"] is None:
                found[row["queue"]]["is_paused"] = True
            else:
                found[row["queue"]][row["status"]] = row["n"]
        return {name: Counts(**counts) for name, counts in found.items()}

    async def one(self, queue: str) -> Counts:
        """A queue's counts; zeros where nothing is known of it."""
        return (await self.all()).get(queue, Counts())

    async def listed(self, queue: str, statuses: Sequence[str] = (), limit: int = 1000) -> list[Listed]:
        """Jobs of a queue, oldest first; of all statuses where none is named."""
        rows = await self._db.fetch(
            f"""SELECT * FROM (
                  SELECT id, job, queue, {_STATUS} AS status, arguments, cause, created_at, {ATTEMPTS}, error, progress,
                         CASE WHEN failed_at IS NULL AND started_at IS NULL AND attempts > 0 THEN run_at END
                           AS next_try_at
                  FROM job_request LEFT JOIN queue_state ON name = queue WHERE queue = $1) AS listed
                WHERE cardinality($2::text[]) = 0 OR status = ANY($2) ORDER BY id LIMIT $3""",  # noqa: S608 - constants
            queue,
            list(statuses),
            limit,
        )
        return [
            Listed(**{
                **row,
                "arguments": orjson.loads(row["arguments"]),
                "progress": orjson.loads(row["progress"]) if row["progress"] else None,
            })
            for row in rows
        ]  # fmt: skip
