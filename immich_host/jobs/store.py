"""Every query on job_request and fact_request that requesting and executing need."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from immich_host.jobs import running
from immich_host.jobs.values import from_json, to_json
from immich_host.plugin_api.database import Database

STALE = 5.0
"""Seconds without a beat after which the process that ran a job counts as dead."""

# What is lost by an operating system's crash here is only that a run had begun.
_LAZY = "lazy AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to request; `chain` lets it reach its milestone, `delay` is in seconds.

    With `asset_types` (separated by commas) nothing is requested where `asset_id` is of no such type.
    """

    job: str
    queue: str
    arguments: dict[str, Any]
    unique_key: str | None
    cause: str
    chain: bool = False
    force: bool = False
    provides: str | None = None
    owner_id: UUID | None = None
    correlation: str | None = None
    delay: float = 0.0
    asset_id: UUID | None = None
    asset_types: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a message needs to know of a row; `delay` is in seconds, `tries` counts messages in vain."""

    id: UUID
    job: str
    queue: str
    attempts: int
    delay: float = 0.0
    tries: int = 0

    @property
    def message_id(self) -> str:
        """The same for the same attempt, so that handing it over twice makes one message."""
        return f"{self.id}:{self.attempts}:{self.tries}"

    @staticmethod
    def parse(message_id: str) -> tuple[UUID, int]:
        """Row id and tries of a message id."""
        row_id, _, tries = message_id.split(":")
        return UUID(row_id), int(tries)


@dataclass(frozen=True, slots=True)
class Run:
    """A claimed row: this process runs it now, as attempt number `attempts`.

    `ended_by` says why a process was ended that ran it before, where it may have been the reason; `deaths` is how
    many processes died while they ran it, for a reason that nobody knows, and `spared` how many of these attempts
    do not count.
    """

    id: UUID
    job: str
    queue: str
    arguments: dict[str, Any]
    unique_key: str | None
    cause: str
    chain: bool
    force: bool
    provides: str | None
    owner_id: UUID | None
    correlation: str | None
    attempts: int
    ended_by: str | None = None
    deaths: int = 0
    spared: int = 0

    @property
    def tries(self) -> int:
        """Attempts that count."""
        return self.attempts - self.spared

    @property
    def is_suspect(self) -> bool:
        """Whether a process was ended or died before that ran it, maybe because of it."""
        return self.ended_by is not None or self.deaths > 0


ATTEMPTS = "attempts - spared AS attempts"
"""SQL of `Run.tries`."""

_NEW_JOB = (
    *("job", "queue", "arguments", "unique_key", "cause", "chain", "force", "provides"),
    *("owner_id", "correlation", "delay", "asset_id", "asset_types"),
)


async def insert_jobs(db: Database, jobs: Sequence[NewJob]) -> list[Ticket]:
    """Write rows; a request equal to one that still waits lends it its chain and force instead."""
    rows = await db.fetch(
        """
        INSERT INTO job_request AS waiting (job, queue, arguments, unique_key, cause, chain, force, provides,
                                            owner_id, correlation, run_at)
        SELECT job, queue, arguments::jsonb, unique_key, cause, chain, force, provides, owner_id, correlation,
               now() + delay * interval '1 second'
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::bool[], $8::text[],
                    $9::uuid[], $10::text[], $11::float8[], $12::uuid[], $13::text[])
          AS t (job, queue, arguments, unique_key, cause, chain, force, provides, owner_id, correlation, delay,
                of_asset, asset_types)
        WHERE asset_types IS NULL
           OR EXISTS (SELECT FROM asset WHERE id = of_asset AND type = ANY (string_to_array(asset_types, ',')))
        ON CONFLICT (job, unique_key) WHERE started_at IS NULL AND failed_at IS NULL AND unique_key IS NOT NULL
        DO UPDATE SET chain = waiting.chain OR excluded.chain,
                      force = waiting.force OR excluded.force,
                      cause = CASE WHEN excluded.chain AND NOT waiting.chain THEN excluded.cause ELSE waiting.cause END,
                      owner_id = coalesce(waiting.owner_id, excluded.owner_id)
        WHERE (excluded.chain AND NOT waiting.chain) OR (excluded.force AND NOT waiting.force)
        RETURNING id, job, queue, attempts, xmax = 0 AS is_new,
                  greatest(0, extract(epoch FROM run_at - now()))::float8 AS delay
        """,
        *([getattr(job, name) if name != "arguments" else to_json(job.arguments) for job in jobs] for name in _NEW_JOB),
    )
    return [Ticket(r["id"], r["job"], r["queue"], r["attempts"], r["delay"]) for r in rows if r["is_new"]]


async def insert_facts(db: Database, facts: Sequence[tuple[str, dict[str, Any]]]) -> list[UUID]:
    """Write facts to deliver; returns their ids in order."""
    rows = await db.fetch(
        """
        INSERT INTO fact_request (fact, arguments)
        SELECT fact, arguments::jsonb FROM unnest($1::text[], $2::text[]) AS t (fact, arguments) RETURNING id
        """,
        [fact for fact, _ in facts],
        [to_json(arguments) for _, arguments in facts],
    )
    return [row["id"] for row in rows]


async def facts_delivered(db: Database, ids: Sequence[UUID]) -> None:
    """Forget facts."""
    await db.execute(f"WITH {_LAZY} DELETE FROM fact_request USING lazy WHERE id = ANY($1)", list(ids))


_HAS_DIED = "started_at IS NOT NULL AND beat_at > to_timestamp(0)"
_SPARED_DEATHS = 10
"""A job that needs long to end its process is found out by so many."""


async def claim(db: Database, row_id: UUID) -> Run | None:
    """Begin a run, unless the row is gone, not due, or it (or an equal one) runs in a living process.

    A run whose process died is spared where that was more likely another job's fault: when it was not suspected yet,
    and when it had stood by for long already, as a job that ends its process is mostly quick about it. (A watchdog,
    which knows more, has judged already where it leaves 1970 as the last sign of life.)
    """
    row = await db.fetchrow(
        f"""
        WITH {_LAZY}
        UPDATE job_request AS mine
        SET started_at = now(), beat_at = now(), attempts = attempts + 1, progress = NULL,
            deaths = deaths + ({_HAS_DIED})::int,
            spared = spared + ({_HAS_DIED} AND deaths < $4 AND (suspected_at IS NULL OR suspected_at < started_at
                               OR beat_at - started_at > $3 * interval '1 second'))::int
        FROM lazy
        WHERE id = $1 AND failed_at IS NULL AND cancelled_at IS NULL AND run_at <= now() + interval '0.01 seconds'
          AND (started_at IS NULL OR beat_at < now() - $2 * interval '1 second')
          AND NOT EXISTS (SELECT FROM job_request AS other
                          WHERE other.job = mine.job AND other.unique_key = mine.unique_key AND other.id <> mine.id
                            AND other.started_at IS NOT NULL AND other.failed_at IS NULL
                            AND other.beat_at >= now() - $2 * interval '1 second')
        RETURNING id, job, queue, arguments, unique_key, cause, chain, force, provides, owner_id, correlation, attempts,
                  ended_by, deaths, spared
        """,
        row_id,
        STALE,
        running.ALONE_SECONDS / 2,
        _SPARED_DEATHS,
    )
    return None if row is None else Run(**{**row, "arguments": from_json(row["arguments"])})


async def suspect(db: Database, run: Run) -> None:
    """Note that a suspect begins; should its process die now, then that counts."""
    await db.execute(
        "UPDATE job_request SET suspected_at = now() WHERE id = $1 AND attempts = $2", run.id, run.attempts
    )


async def beat(db: Database, runs: Sequence[tuple[UUID, int, str | None]]) -> dict[UUID, bool]:
    """Say that these runs (id, attempt, progress) are alive; those still ours, and whether they are cancelled."""
    rows = await db.fetch(
        f"""
        WITH {_LAZY}
        UPDATE job_request AS mine SET beat_at = now(), progress = coalesce(told::jsonb, mine.progress)
        FROM lazy, unnest($1::uuid[], $2::int[], $3::text[]) AS run (id, attempts, told)
        WHERE mine.id = run.id AND mine.attempts = run.attempts AND started_at IS NOT NULL
        RETURNING mine.id, cancelled_at IS NOT NULL AS is_cancelled
        """,
        *([run[place] for run in runs] for place in range(3)),
    )
    return {row["id"]: row["is_cancelled"] for row in rows}


async def waiting_equal(db: Database, run: Run) -> Ticket | None:
    """The equal request that came while this one ran, if any."""
    row = await db.fetchrow(
        """SELECT id, attempts FROM job_request
           WHERE job = $1 AND unique_key = $2 AND started_at IS NULL AND failed_at IS NULL AND run_at <= now()""",
        run.job,
        run.unique_key,
    )
    return Ticket(row["id"], run.job, run.queue, row["attempts"]) if row else None


async def postpone(db: Database, run: Run, error: str | None, delay: float, *, attempts: int) -> Ticket | None:
    """Give a run back to be tried in `delay` seconds; merges into an equal request that came meanwhile."""
    while True:
        try:
            async with db.transaction():
                return await _postpone(db, run, error, delay, attempts)
        except asyncpg.UniqueViolationError:  # the equal request came between the two statements
            continue


async def _postpone(db: Database, run: Run, error: str | None, delay: float, attempts: int) -> Ticket | None:
    merged = run.unique_key is not None and await db.fetchval(
        """
        UPDATE job_request SET chain = chain OR $4, force = force OR $5, owner_id = coalesce(owner_id, $6)
        WHERE job = $1 AND unique_key = $2 AND id <> $3 AND started_at IS NULL AND failed_at IS NULL RETURNING true
        """,
        run.job, run.unique_key, run.id, run.chain, run.force, run.owner_id,
    )  # fmt: skip
    if merged:
        await db.execute("DELETE FROM job_request WHERE id = $1 AND attempts = $2", run.id, run.attempts)
        return None
    kept = await db.fetchval(
        """
        UPDATE job_request SET started_at = NULL, beat_at = NULL, error = coalesce($3, error), attempts = $5,
                               run_at = now() + $4 * interval '1 second'
        WHERE id = $1 AND attempts = $2 RETURNING true
        """,
        run.id, run.attempts, error, delay, attempts,
    )  # fmt: skip
    return Ticket(run.id, run.job, run.queue, attempts, delay) if kept else None
