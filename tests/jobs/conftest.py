import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis.asyncio

from immich_host.db.database import Database
from immich_host.testing.servers import Servers
from immich_host.testing.waiting import PATIENCE
from tests.jobs.lab import TABLE, Lab


class Bench(Database):
    """The module's database, with what tests often do to it."""

    async def logged(self, job: str) -> list[Any]:
        return await self.fetch("SELECT * FROM lab_log WHERE job = $1 ORDER BY id", job)

    async def until(self, sql: str, *args: Any, seconds: float = 3 * PATIENCE) -> Any:
        """The first truthy value of a query that is asked again and again; workers may have to start first."""
        async with asyncio.timeout(seconds):
            while not (value := await self.fetchval(sql, *args)):  # noqa: ASYNC110 - other processes change it
                await asyncio.sleep(0.02)
        return value


@pytest.fixture(scope="module")
async def database(servers: Servers) -> AsyncIterator[Bench]:
    bench = Bench(await servers.fresh_database())
    await bench.connect()
    await bench.execute(TABLE)
    yield bench
    await bench.close()


@pytest.fixture
async def valkey(servers: Servers) -> AsyncIterator["redis.asyncio.Redis"]:
    client = redis.asyncio.Redis.from_url(servers.redis_url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def db(database: Bench) -> Bench:
    await database.execute(
        """TRUNCATE job_request, fact_request, queue_state, queue_run, job_schedule, job_seen, plugin_state,
                    lab_log, lab_asset, lab_setting"""
    )
    return database


@pytest.fixture
async def lab(db: Bench, servers: Servers, valkey: Any) -> AsyncIterator[Lab]:
    lab = await Lab(db, servers.redis_url, retry_seconds=0.3).on()
    yield lab
    await lab.room.close()


class Worker:
    """A worker process."""

    def __init__(self, database_url: str, redis_url: str, **environment: str) -> None:
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.lab", database_url, redis_url],
            cwd=root,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._said: list[str] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                self._said.append(line)
                if "worker ready" in line:
                    self._ready.set()

    async def ready(self) -> "Worker":
        assert await asyncio.to_thread(self._ready.wait, 3 * PATIENCE)
        return self

    async def says(self, *words: str) -> None:
        """Wait until it has said these words in one line."""
        async with asyncio.timeout(PATIENCE):
            while not any(all(word in line for word in words) for line in list(self._said)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()

    async def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(self.process.wait, 3 * PATIENCE)
        self._reader.join()
        return code


@pytest.fixture
def work(db: Bench, servers: Servers) -> Iterator[Callable[..., Awaitable[list[Worker]]]]:
    """Starts worker processes and waits until they work; those that still run at the end are killed."""
    started: list[Worker] = []

    async def start(amount: int = 1, **environment: str) -> list[Worker]:
        workers = [Worker(db.url, servers.redis_url, **environment) for _ in range(amount)]
        started.extend(workers)
        return [await worker.ready() for worker in workers]

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.kill()


@pytest.fixture
async def holding(db: Bench) -> AsyncIterator[Callable[..., Any]]:
    """Holds numbers, so that `lab.hold` of them does not end; call with numbers to let go."""
    async with db.dedicated() as connection:
        for number in range(1, 9):
            await connection.execute("SELECT pg_advisory_lock($1)", number)

        async def let_go(*numbers: int) -> None:
            for number in numbers:
                await connection.execute("SELECT pg_advisory_unlock($1)", number)

        yield let_go


@pytest.fixture
def asset() -> dict[str, Any]:
    return {"asset_id": uuid4(), "owner_id": uuid4(), "cause": "upload"}


@pytest.fixture
async def photo(db: Bench) -> UUID:
    """A row of `asset`, for what must not outlive one."""
    owner = await db.fetchval("""INSERT INTO "user" (email) VALUES ($1) RETURNING id""", f"{uuid4()}@host.test")
    return await db.fetchval(
        """INSERT INTO asset (owner_id, type, original_path, original_file_name, checksum,
                              file_created_at, file_modified_at, local_date_time)
           VALUES ($1, 'IMAGE', 'a.jpg', 'a.jpg', 'a', now(), now(), now()) RETURNING id""",
        owner,
    )
