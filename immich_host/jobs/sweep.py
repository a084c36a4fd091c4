"""Sweeping up what crashes left behind: rows without a message, facts without a delivery."""

import time

import structlog

from immich_host.jobs.elsewhere import Elsewhere
from immich_host.jobs.registry import Registry
from immich_host.jobs.requests import Outbox
from immich_host.jobs.schedule import claim_turn
from immich_host.jobs.store import STALE, Ticket
from immich_host.jobs.transport import Transport
from immich_host.jobs.values import from_json
from immich_host.plugin_api.database import Database

log = structlog.get_logger("jobs")

EVERY_SECONDS = 30.0
"""One process of all sweeps this often."""

DELIVER_SECONDS = 5.0
"""Every process looks for undelivered facts this often; mostly there are none, and a look costs nothing."""

_PAGE = 1000
_FACT_SECONDS = 10.0


class Sweep:
    """Safe to run at any time, in any number of processes: handing over again makes no second message."""

    def __init__(
        self, db: Database, registry: Registry, outbox: Outbox, transport: Transport, elsewhere: Elsewhere
    ) -> None:
        self._db = db
        self._registry = registry
        self._outbox = outbox
        self._transport = transport
        self._elsewhere = elsewhere

    async def turn(self) -> None:
        """Sweep if no process has done so lately."""
        await self._elsewhere.stamp()
        if await claim_turn(self._db, "sweep", EVERY_SECONDS * 0.9):
            await self.sweep(thorough=False)

    async def sweep(self, *, thorough: bool = True) -> None:
        """Drop what is off, hand over what has no message, deliver old facts.

        Args:
            thorough: Look at every row; otherwise only in queues that have fewer messages than rows.
        """
        started = time.monotonic()
        await self._elsewhere.stamp()
        dropped = await self.drop_disabled() + await self.drop_cancelled()
        handed = 0
        for queue in await self._queues(thorough=thorough):
            handed += await self._hand(queue)
        delivered = await self.deliver()
        if dropped or handed or delivered:
            seconds = round(time.monotonic() - started, 3)
            log.info("swept up", dropped=dropped, handed=handed, delivered=delivered, seconds=seconds)

    async def _queues(self, *, thorough: bool) -> list[str]:
        rows = await self._db.fetch(
            "SELECT queue, count(*) AS n FROM job_request WHERE failed_at IS NULL AND run_at <= now() GROUP BY queue"
        )
        if thorough:
            return [row["queue"] for row in rows]
        sizes = await self._transport.sizes([row["queue"] for row in rows])
        return [row["queue"] for row in rows if row["n"] > sizes[row["queue"]]]

    async def _hand(self, queue: str) -> int:
        """Rows that wait and are due, and runs whose process is dead."""
        handed = 0
        last = None
        while True:
            rows = await self._db.fetch(
                f"""SELECT id, job, attempts FROM job_request
                    WHERE queue = $1 AND ($2::uuid IS NULL OR id > $2) AND failed_at IS NULL AND run_at <= now()
                      AND (started_at IS NULL OR beat_at < now() - interval '{STALE + 1} seconds')
                    ORDER BY id LIMIT {_PAGE}""",  # noqa: S608 - constants
                queue,
                last,
            )
            handed += await self._transport.hand(Ticket(r["id"], r["job"], queue, r["attempts"]) for r in rows)
            if len(rows) < _PAGE:
                return handed
            last = rows[-1]["id"]

    async def drop_disabled(self) -> int:
        """Drop waiting rows of jobs that are off, or gone from all processes; their milestones are passed."""
        jobs = await self._db.fetch("SELECT DISTINCT job FROM job_request WHERE failed_at IS NULL")
        unable = await self._elsewhere.droppable(self._registry.unable(frozenset(row["job"] for row in jobs)))
        dropped = 0
        while unable:
            async with self._db.transaction():
                rows = await self._db.fetch(
                    f"""DELETE FROM job_request WHERE id IN (
                          SELECT id FROM job_request WHERE job = ANY($1) AND failed_at IS NULL
                            AND (started_at IS NULL OR beat_at < now() - interval '{STALE + 1} seconds')
                          LIMIT {_PAGE} FOR UPDATE SKIP LOCKED)
                        RETURNING chain, provides, arguments, owner_id, cause""",  # noqa: S608 - constants
                    list(unable),
                )
                for row in rows:
                    if row["chain"] and row["provides"]:
                        await self._outbox.publish(
                            f"asset_{row['provides']}",
                            asset_id=from_json(row["arguments"]).get("asset_id"),
                            owner_id=row["owner_id"],
                            cause=row["cause"],
                        )
            dropped += len(rows)
            if len(rows) < _PAGE:
                break
        return dropped

    async def drop_cancelled(self) -> int:
        """Drop rows of cancelled runs whose process has not lived to do it."""
        gone = await self._db.execute(
            f"""DELETE FROM job_request WHERE cancelled_at IS NOT NULL AND failed_at IS NULL
                  AND (started_at IS NULL OR beat_at < now() - interval '{STALE + 1} seconds')"""  # noqa: S608 - constants
        )
        return int(gone.split()[-1])

    async def deliver(self) -> int:
        """Facts whose process died between commit and delivery; taken by moving their time on."""
        rows = await self._db.fetch(
            f"""UPDATE fact_request SET created_at = now() WHERE id IN (
                  SELECT id FROM fact_request WHERE created_at < now() - interval '{_FACT_SECONDS} seconds'
                  ORDER BY id LIMIT {_PAGE} FOR UPDATE SKIP LOCKED)
                RETURNING id, fact, arguments"""  # noqa: S608 - constants
        )
        for row in sorted(rows, key=lambda row: row["id"]):
            await self._outbox.deliver([row["id"]], [(row["fact"], from_json(row["arguments"]))])
        return len(rows)
