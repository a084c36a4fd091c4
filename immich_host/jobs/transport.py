"""Hands tickets of committed rows to Dramatiq's queues in Valkey, from the event loop."""

import asyncio
from collections.abc import Iterable, Sequence

import structlog
from dramatiq.message import Message
from redis.asyncio import Redis
from redis.exceptions import RedisError

from immich_host.jobs.scripts import DISCARD, HAND, NAMESPACE
from immich_host.jobs.store import Ticket

log = structlog.get_logger("jobs")

_PAGE = 500


def message_of(ticket: Ticket) -> Message[None]:
    """The Dramatiq message for a row; the row has everything but its own number."""
    return Message(
        queue_name=ticket.queue,
        actor_name=ticket.job,
        args=(ticket.message_id,),
        kwargs={},
        options={"redis_message_id": ticket.message_id},
        message_id=ticket.message_id,
    )


class Transport:
    """Never raises for a Valkey that is away: the rows are the truth, and a sweep hands them again."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._hand = redis.register_script(HAND)
        self._discard = redis.register_script(DISCARD)
        self._later: set[asyncio.Task[None]] = set()
        self._away = False

    async def hand(self, tickets: Iterable[Ticket]) -> int:
        """Hand tickets over, delayed ones when it is time; answers how many made a new message now."""
        by_queue: dict[str, list[Ticket]] = {}
        for ticket in tickets:
            if ticket.delay > 0:
                self._schedule(ticket)
            else:
                by_queue.setdefault(ticket.queue, []).append(ticket)
        handed = 0
        try:
            for queue, waiting in by_queue.items():
                for start in range(0, len(waiting), _PAGE):
                    handed += await self._hand_page(queue, waiting[start : start + _PAGE])
        except (RedisError, OSError) as error:
            if not self._away:
                log.warning("Valkey is away; requested jobs wait in the database", error=str(error))
            self._away = True
            return handed
        self._away = False
        return handed

    async def _hand_page(self, queue: str, page: Sequence[Ticket]) -> int:
        parts: list[str | bytes] = [queue]
        for ticket in page:
            parts += (ticket.message_id, message_of(ticket).encode())
        return int(await self._hand(keys=[NAMESPACE], args=parts))

    def _schedule(self, ticket: Ticket) -> None:
        task = asyncio.create_task(self._hand_later(ticket), name=f"hand {ticket.job} later")
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _hand_later(self, ticket: Ticket) -> None:
        await asyncio.sleep(ticket.delay)
        await self.hand([Ticket(ticket.id, ticket.job, ticket.queue, ticket.attempts, 0.0, ticket.tries)])

    async def discard(self, queue: str) -> None:
        """Forget the messages of a queue that no worker has taken."""
        try:
            await self._discard(keys=[NAMESPACE], args=[queue])
        except (RedisError, OSError) as error:
            log.warning("Valkey is away; its messages are dropped when they come", error=str(error))

    async def sizes(self, queues: Sequence[str]) -> dict[str, int]:
        """Messages waiting and taken, by queue.

        Raises:
            RedisError, OSError: Valkey cannot be reached.
        """
        async with self._redis.pipeline(transaction=False) as pipe:
            for queue in queues:
                pipe.hlen(f"{NAMESPACE}:{queue}.msgs")
            return dict(zip(queues, await pipe.execute(), strict=True))

    async def close(self) -> None:
        """Drop the timers (the sweep of another process, or of the next start, does their work)."""
        for task in list(self._later):
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
