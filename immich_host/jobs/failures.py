"""Jobs that have failed: those given up, and those that will be tried again; and trying them now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from immich_host.jobs.registry import Registry
from immich_host.jobs.requests import Outbox
from immich_host.jobs.store import ATTEMPTS, Ticket
from immich_host.plugin_api.database import Database

FailureStatus = Literal["failed", "waiting", "running"]
"""Given up; to be tried again at a time; being tried again now."""

ASSET = """CASE WHEN arguments->>'asset_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                 THEN (arguments->>'asset_id')::uuid END"""
"""SQL: the asset of a row of `job_request`, null where there is none."""

_WANTED = """error IS NOT NULL AND ($1::uuid[] IS NULL OR id = ANY($1)) AND ($2::text IS NULL OR queue = $2)
             AND ($3::text IS NULL OR job = $3) AND ($4::text[] IS NULL OR arguments->>'asset_id' = ANY($4))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which failures; what is None does not matter."""

    ids: Sequence[UUID] | None = None
    queue: str | None = None
    job: str | None = None
    asset_ids: Sequence[UUID] | None = None

    def arguments(self) -> tuple[Any, ...]:
        """For statements on `_WANTED`."""
        assets = None if self.asset_ids is None else [str(each) for each in self.asset_ids]
        return None if self.ids is None else list(self.ids), self.queue, self.job, assets


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A job with the error of its last attempt; `tries` is how many attempts it has in all."""

    id: UUID
    job: str
    queue: str
    arguments: dict[str, Any]
    asset_id: UUID | None
    file_name: str | None
    cause: str
    status: FailureStatus
    error: str
    attempts: int
    tries: int
    requested_at: datetime
    failed_at: datetime | None
    next_try_at: datetime | None

    @property
    def reason(self) -> str:
        """The error without the way to it."""
        return self.error.strip().rpartition("\n")[2]


class Failures:
    """Reads and changes rows with an error."""

    def __init__(self, db: Database, registry: Registry, outbox: Outbox) -> None:
        self._db = db
        self._registry = registry
        self._outbox = outbox

    async def find(
        self, wanted: Wanted, *, statuses: Sequence[FailureStatus] = (), before: UUID | None = None, limit: int = 100
    ) -> list[Failure]:
        """Failures, the job requested last first; `before` is the id of the last one that is known."""
        rows = await self._db.fetch(
            f"""SELECT failure.*, original_file_name AS file_name FROM (
                  SELECT id, job, queue, arguments, {ASSET} AS asset_id, cause, error, {ATTEMPTS},
                         created_at AS requested_at, failed_at,
                         CASE WHEN failed_at IS NOT NULL THEN 'failed' WHEN started_at IS NOT NULL THEN 'running'
                              ELSE 'waiting' END AS status,
                         CASE WHEN failed_at IS NULL AND started_at IS NULL THEN run_at END AS next_try_at
                  FROM job_request WHERE {_WANTED}) AS failure
                LEFT JOIN asset ON asset.id = asset_id
                WHERE (cardinality($5::text[]) = 0 OR failure.status = ANY($5))
                  AND ($6::uuid IS NULL OR failure.id < $6)
                ORDER BY failure.id DESC LIMIT $7""",  # noqa: S608 - constants
            *wanted.arguments(),
            list(statuses),
            before,
            limit,
        )
        return [self._failure(row) for row in rows]

    def _failure(self, row: Any) -> Failure:
        known = self._registry.get(row["job"])
        tries = known.job.retries + 1 if known else row["attempts"]
        attempts = min(row["attempts"], tries)  # that it has died too often is found out by one more, which is none
        return Failure(**{**row, "arguments": orjson.loads(row["arguments"]), "attempts": attempts, "tries": tries})

    async def retry(self, wanted: Wanted) -> int:
        """Try failures again now, those given up with all their attempts; answers how many.

        One whose equal waits already is left to that one's end. What has let its photo pass runs alone,
        without a chain.
        """
        async with self._db.transaction():
            rows = await self._db.fetch(
                f"""UPDATE job_request AS run SET run_at = now(), started_at = NULL, beat_at = NULL, ended_by = NULL,
                      cancelled_at = NULL, attempts = CASE WHEN failed_at IS NULL THEN attempts ELSE 0 END,
                      deaths = CASE WHEN failed_at IS NULL THEN deaths ELSE 0 END,
                      spared = CASE WHEN failed_at IS NULL THEN spared ELSE 0 END,
                      error = CASE WHEN failed_at IS NULL THEN error END, failed_at = NULL
                    WHERE (failed_at IS NOT NULL OR started_at IS NULL) AND {_WANTED}
                      AND NOT EXISTS (SELECT FROM job_request AS waiting
                                      WHERE waiting.job = run.job AND waiting.unique_key = run.unique_key
                                        AND waiting.id <> run.id
                                        AND waiting.started_at IS NULL AND waiting.failed_at IS NULL)
                    RETURNING id, job, queue, attempts""",  # noqa: S608 - constants
                *wanted.arguments(),
            )
            self._outbox.hand_after_commit([Ticket(r["id"], r["job"], r["queue"], r["attempts"]) for r in rows])
        return len(rows)

    async def clear(self, wanted: Wanted) -> int:
        """Forget jobs that were given up; answers how many."""
        gone = await self._db.execute(
            f"DELETE FROM job_request WHERE failed_at IS NOT NULL AND {_WANTED}",  # noqa: S608 - constants
            *wanted.arguments(),
        )
        return int(gone.split()[-1])
