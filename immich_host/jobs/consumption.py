"""Taking messages: one Dramatiq broker and worker a queue, so that no queue waits behind another."""

import threading
from collections.abc import Callable, Iterable
from typing import override

import dramatiq
from dramatiq import worker as dramatiq_worker
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import ConnectionClosed
from dramatiq.message import Message
from redis import Redis
from redis.exceptions import RedisError

from immich_host.jobs.scripts import DONE, NAMESPACE, TAKE

IDLE_SECONDS = 3.0
"""How long a consumer sleeps when nothing wakes it; publications do, and what a worker has finished."""

_THREAD_TIMEOUT = 1000

# Dramatiq waits 3 s before it connects again, which is long for a server that restarts in 0.1 s.
dramatiq_worker.CONSUMER_RESTART_DELAY_SECS = 0.5
dramatiq_worker.POST_PROCESS_MESSAGE_RETRY_DELAY_SECS = 1


class Gate:
    """What decides whether a queue's consumer takes messages; set from any thread."""

    def __init__(self, concurrency: int) -> None:
        self.concurrency = concurrency
        self.is_open = False
        self.taken: set[str] = set()
        self.give_back: set[str] = set()
        self._wake = threading.Event()

    def set(self, *, is_open: bool, concurrency: int) -> None:
        """Open or close, with how many jobs may run at once over all processes."""
        self.is_open, self.concurrency = is_open, concurrency
        self._wake.set()

    def wake(self) -> None:
        """Have the consumer look for messages."""
        self._wake.set()

    def wait(self, seconds: float) -> None:
        """Sleep until woken."""
        self._wake.wait(seconds)

    def heed(self) -> None:
        """Count wakes from now on."""
        self._wake.clear()


class QueueBroker(RedisBroker):
    """Dramatiq's Redis broker for one queue, taking by our scripts (see `scripts`)."""

    def __init__(self, client: Redis, worker_id: str, gate: Gate) -> None:
        super().__init__(client=client, middleware=[], namespace=NAMESPACE)
        self.worker_id = worker_id
        self.gate = gate
        self.take = client.register_script(TAKE)
        self.done = client.register_script(DONE)

    @override
    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        return QueueConsumer(self, queue_name)

    @override
    def get_actor(self, actor_name: str) -> dramatiq.Actor[..., object]:
        """Any actor of the queue will do: they all hand the message on, also that of a job unknown here."""
        return self.actors.get(actor_name) or next(iter(self.actors.values()))

    @override
    def declare_queue(self, queue_name: str) -> None:
        """Declare it without Dramatiq's delay queue: a row knows when its job is due."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)


class QueueConsumer(Consumer):
    """Takes a message only when a thread is free and the queue's concurrency allows one more."""

    def __init__(self, broker: QueueBroker, queue: str) -> None:
        self._broker = broker
        self._gate = broker.gate
        self._queue = queue
        self._cache: list[bytes] = []

    @override
    def __next__(self) -> MessageProxy | None:
        if not self._cache:
            self._gate.heed()
            self._cache = self._take()
        if not self._cache:
            self._gate.wait(IDLE_SECONDS)
            return None
        message = Message.decode(self._cache.pop(0))
        self._gate.taken.add(message.message_id)
        return MessageProxy(message)

    def _take(self) -> list[bytes]:
        gate, broker = self._gate, self._broker
        free = gate.concurrency - len(gate.taken)
        if not gate.is_open or free <= 0:
            return []
        try:
            return broker.take(
                keys=[NAMESPACE], args=[broker.worker_id, self._queue, free, gate.concurrency, *tuple(gate.taken)]
            )
        except RedisError as error:
            raise ConnectionClosed(error) from None

    @override
    def ack(self, message: MessageProxy) -> None:
        """Forget the message, or put it back where its run was cut short."""
        back = message.message_id in self._gate.give_back
        self._finish(message, back=back)
        self._gate.give_back.discard(message.message_id)

    @override
    def nack(self, message: MessageProxy) -> None:
        self._finish(message, back=False)

    def _finish(self, message: MessageProxy, *, back: bool) -> None:
        broker = self._broker
        try:
            broker.done(
                keys=[NAMESPACE],
                args=[broker.worker_id, self._queue, message.options["redis_message_id"], "1" if back else "0"],
            )
        except RedisError as error:
            raise ConnectionClosed(error) from None
        self._gate.taken.discard(message.message_id)
        self._gate.wake()

    @override
    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        for message in messages:
            self._finish(message, back=True)


class QueueWorker:
    """Consumes one queue in this process; `run(message id)` is called in a thread of its own.

    Where `run` answers True, the message is put back instead of being forgotten.
    """

    def __init__(
        self, queue: str, jobs: Iterable[str], run: Callable[[str], bool], *, client: Redis, worker_id: str
    ) -> None:
        self.gate = Gate(0)
        self._run = run
        self._broker = QueueBroker(client, worker_id, self.gate)
        self._threads = 0
        self._worker: dramatiq.Worker | None = None
        self._queue = queue
        self.add(jobs)

    def add(self, jobs: Iterable[str]) -> None:
        """Take messages of these jobs too; those that are known stay."""
        for job in set(jobs) - self._broker.get_declared_actors():
            dramatiq.Actor(
                self._actor, broker=self._broker, actor_name=job, queue_name=self._queue, priority=0, options={}
            )

    def _actor(self, message_id: str) -> None:
        if self._run(message_id):
            self.gate.give_back.add(message_id)

    def set(self, *, is_open: bool, concurrency: int) -> None:
        """Open or close the gate; the first opening starts the threads, and they grow with the concurrency."""
        if is_open:
            self._grow(concurrency)
        self.gate.set(is_open=is_open, concurrency=concurrency)

    def _grow(self, threads: int) -> None:
        if self._worker is None:
            self._worker = dramatiq.Worker(self._broker, worker_timeout=_THREAD_TIMEOUT, worker_threads=threads)
            self._threads = threads
            self._worker.start()
        while self._threads < threads:
            self._worker._add_worker()  # there is no public way, and a restart would wait for running jobs
            self._threads += 1
