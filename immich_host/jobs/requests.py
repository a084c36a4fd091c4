"""The outbox: requested jobs and published facts are rows of the caller's transaction."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog

from immich_host.db.database import Database
from immich_host.jobs import store
from immich_host.jobs.milestones import FACTS, facts_reached
from immich_host.jobs.registry import HostingPort, Known, Registry
from immich_host.jobs.store import NewJob, Ticket
from immich_host.jobs.transport import Transport
from immich_host.plugin_api.jobs import CHAINING_CAUSES

type Fact = tuple[str, dict[str, Any]]
"""A fact's name and arguments."""

_DELIVERERS = 4
_DELIVERED_TOGETHER = 50

log = structlog.get_logger("jobs")

VOLATILE = frozenset({"job_started", "job_finished", "job_failed", "api_responded"})
"""Facts that are told at once and not kept across crashes."""


class Outbox:
    """Implements the jobs port, and publishing for the host port."""

    def __init__(self, db: Database, hosting: HostingPort, registry: Registry, transport: Transport | None) -> None:
        """Without a transport rows stay for `drain`, as in the test kit."""
        self._db = db
        self._hosting = hosting
        self._registry = registry
        self._transport = transport
        self._deliveries: set[asyncio.Task[None]] = set()
        self._committed: deque[tuple[Sequence[UUID], Sequence[Fact]]] = deque()

    async def request(
        self,
        job: str,
        /,
        *,
        cause: str = "manual",
        force: bool = False,
        chain: bool | None = None,
        delay: float = 0.0,
        **arguments: Any,
    ) -> UUID | None:
        """Ask for one run of `job`, in `delay` seconds; None where an equal one waits or the job is off."""
        known = self._registry.get(job)
        if known is None or not known.enabled:
            return None
        new = _new(known, arguments, cause=cause, force=force, chain=chain, delay=delay)
        async with self._db.joining():
            tickets = await self.enqueue([new])
        return tickets[0].id if tickets else None

    async def request_many(
        self, job: str, asset_ids: list[UUID], /, *, cause: str = "manual", force: bool = False
    ) -> int:
        """Ask for a run per asset; returns how many rows were written."""
        known = self._registry.get(job)
        if known is None or not known.enabled or not asset_ids:
            return 0
        # sorted, so that two of these at a time wait for each other instead of deadlocking
        new = [_new(known, {"asset_id": each}, cause=cause, force=force) for each in sorted(set(asset_ids))]
        async with self._db.joining():
            return len(await self.enqueue(new))

    async def enqueue(self, jobs: Sequence[NewJob]) -> list[Ticket]:
        """Write rows inside the caller's transaction and hand them over after its commit."""
        if not jobs:
            return []
        tickets = await store.insert_jobs(self._db, jobs)
        self.hand_after_commit(tickets)
        return tickets

    def hand_after_commit(self, tickets: Sequence[Ticket]) -> None:
        """Hand tickets to the queues once the current transaction has committed."""
        transport = self._transport
        if tickets and transport is not None:

            async def hand() -> None:
                await transport.hand(tickets)

            self._db.on_commit(hand)

    async def publish(self, fact: str, /, **arguments: Any) -> None:
        """Publish a fact, request the jobs that run after it, and pass milestones that nobody provides."""
        if fact in VOLATILE:
            await self._hosting.publish(fact, **arguments)
        else:
            await self.publish_each(fact, [arguments])

    async def publish_each(self, fact: str, /, many: Sequence[dict[str, Any]]) -> None:
        """Publish a fact that is kept once per set of arguments, for the cost of one."""
        reached = facts_reached(fact, self._registry.provided()) if fact in FACTS else [fact]
        jobs = [new for arguments in many for each in reached for new in self._chained(each, arguments)]
        facts = [(each, arguments) for arguments in many for each in reached if self._hosting.has(each)]
        if not jobs and not facts:
            return
        async with self._db.joining():
            await self.enqueue(jobs)
            for fact_and_arguments in facts:
                self._db.at_end(self._keep, fact_and_arguments)

    async def _keep(self, facts: Sequence[Fact]) -> None:
        """Write all facts of a transaction at once."""
        ids = await store.insert_facts(self._db, facts)
        self._db.on_commit(lambda: self._start_delivery(ids, facts))

    def _chained(self, fact: str, arguments: dict[str, Any]) -> Iterable[NewJob]:
        assets = [arguments["asset_id"]] if "asset_id" in arguments else arguments.get("asset_ids", ())
        for known in self._registry.after(fact):
            for asset_id in assets:
                new = _new(
                    known,
                    {"asset_id": asset_id},
                    cause=arguments.get("cause", fact),
                    chain=fact in FACTS,
                    owner_id=arguments.get("owner_id"),
                )
                types = ",".join(known.job.asset_types) or None
                yield new if types is None else replace(new, asset_id=asset_id, asset_types=types)

    async def _start_delivery(self, ids: Sequence[UUID], facts: Sequence[Fact]) -> None:
        # in tasks of their own: listeners may be slow, and who changed the data need not wait for them
        self._committed.append((ids, facts))
        if len(self._deliveries) < _DELIVERERS:
            task = asyncio.create_task(self._deliver_committed(), name="deliver facts")
            self._deliveries.add(task)
            task.add_done_callback(self._deliveries.discard)

    async def _deliver_committed(self) -> None:
        """Deliver until nothing is left; the more there is, the more of it is forgotten by one statement."""
        while self._committed:
            ids: list[UUID] = []
            facts: list[Fact] = []
            for _ in range(1 + min(_DELIVERED_TOGETHER, len(self._committed) // _DELIVERERS)):
                if self._committed:
                    more_ids, more_facts = self._committed.popleft()
                    ids += more_ids
                    facts += more_facts
            try:
                await self.deliver(ids, facts)
            except Exception:  # the database is away: the sweep delivers what is still in it
                log.exception("facts stay to be delivered again")

    async def deliver(self, ids: Sequence[UUID], facts: Sequence[Fact]) -> None:
        """Call the listeners of committed facts, in order, then forget the facts."""
        for fact, arguments in facts:
            await self._hosting.publish(fact, **arguments)
        await store.facts_delivered(self._db, ids)

    async def settle(self) -> None:
        """Wait until every fact published so far is delivered."""
        while self._deliveries:
            await asyncio.gather(*self._deliveries, return_exceptions=True)
            # a gather of tasks that are done gives nothing else a turn, and each leaves the set at its own turn
            await asyncio.sleep(0)


def _new(
    known: Known,
    arguments: dict[str, Any],
    *,
    cause: str,
    force: bool = False,
    chain: bool | None = None,
    owner_id: UUID | None = None,
    delay: float = 0.0,
) -> NewJob:
    context = structlog.contextvars.get_contextvars()
    return NewJob(
        job=known.name,
        queue=known.job.queue,
        arguments=arguments,
        unique_key=unique_key(known, arguments),
        cause=cause,
        chain=cause in CHAINING_CAUSES if chain is None else chain,
        force=force,
        provides=known.job.provides,
        owner_id=owner_id,
        correlation=context.get("correlation"),
        delay=delay,
    )


def unique_key(known: Known, arguments: dict[str, Any]) -> str | None:
    """What makes requests of a job the same; requests without arguments are all the same."""
    if known.job.unique is None:
        return None
    if not arguments:
        return ""
    value = arguments.get(known.job.unique)
    return None if value is None else str(value)
