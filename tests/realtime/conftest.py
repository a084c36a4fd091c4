import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

import pytest
import socketio
from hypercorn.asyncio import serve
from hypercorn.config import Config
from redis.asyncio import Redis

from immich_host.auth.gate import AuthGate
from immich_host.db.database import Database
from immich_host.db.notices import Notices
from immich_host.hosting import Hosting
from immich_host.realtime.push import CHANNEL, Push
from immich_host.realtime.sockets import Sockets
from immich_host.testing import Servers
from immich_host.testing.waiting import PATIENCE
from immich_host.wire.kernel import Kernel


@pytest.fixture(scope="module")
async def db(servers: Servers) -> AsyncIterator[Database]:
    database = Database(await servers.fresh_database())
    await database.connect()
    yield database
    await database.close()
    await servers.drop_database(database.url)


class Process:
    """What realtime needs of an API process."""

    def __init__(self, db: Database, redis_url: str) -> None:
        self.db = db
        self.redis = Redis.from_url(redis_url)
        self.hosting = Hosting([])
        self.notices = Notices(db.url)
        self.push = Push(redis_url)
        self.gate = AuthGate(cast("Kernel", self))
        self.sockets = Sockets(redis_url, self.redis, self.gate, self.notices)
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Process"]:
        await self.notices.start()
        await self.sockets.start()
        config = Config()
        config.bind = ["127.0.0.1:0"]
        config.graceful_timeout = 0.2
        config.errorlog = None
        stop = asyncio.Event()
        sockets = config.create_sockets()
        self.url = f"http://127.0.0.1:{sockets.insecure_sockets[0].getsockname()[1]}"
        config.create_sockets = lambda: sockets  # type: ignore[method-assign]
        for socket in sockets.insecure_sockets:
            socket.listen(100)
        app = cast("Any", self.sockets.app)
        task = asyncio.create_task(serve(app, config, shutdown_trigger=stop.wait, mode="asgi"))
        try:
            yield self
        finally:
            await self.sockets.stop()
            stop.set()
            await task
            await self.gate.stop()
            await self.notices.stop()
            await self.push.close()
            await self.redis.aclose()


@pytest.fixture
async def processes(db: Database, servers: Servers) -> AsyncIterator[list[Process]]:
    """Two API processes on one database and one Valkey."""
    one, two = Process(db, servers.redis_url), Process(db, servers.redis_url)
    async with one.running(), two.running():
        while dict(await one.redis.pubsub_numsub(CHANNEL))[CHANNEL.encode()] < 2:  # noqa: ASYNC110 - Redis tells no event
            await asyncio.sleep(0.01)
        yield [one, two]


@dataclass
class Person:
    id: UUID
    session: UUID
    token: str


@pytest.fixture
async def person(db: Database) -> AsyncIterator[Any]:
    made: list[UUID] = []

    async def make(name: str) -> Person:
        user = await db.fetchval(
            'INSERT INTO "user" (email, name) VALUES ($1, $2) RETURNING id', f"{name}@example.org", name
        )
        made.append(user)
        token = f"token-of-{name}"
        digest = sha256(token.encode()).digest()
        session = await db.fetchval("INSERT INTO session (token, user_id) VALUES ($1, $2) RETURNING id", digest, user)
        return Person(user, session, token)

    yield make
    await db.execute('DELETE FROM "user" WHERE id = ANY($1)', made)


@dataclass
class Device:
    """A client, with everything it was sent."""

    client: socketio.AsyncClient
    said: asyncio.Queue[tuple[Any, ...]] = field(default_factory=asyncio.Queue)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def next(self) -> tuple[Any, ...]:
        return await asyncio.wait_for(self.said.get(), PATIENCE)

    async def welcome(self) -> "Device":
        assert (await self.next())[0] == "on_server_version"
        return self


@pytest.fixture
async def device() -> AsyncIterator[Any]:
    made: list[Device] = []

    async def connect(
        process: Process, headers: dict[str, str], path: str = "/api/socket.io", query: str = ""
    ) -> Device:
        one = Device(socketio.AsyncClient(reconnection=False))
        made.append(one)

        async def heard(event: str, *data: Any) -> None:
            await one.said.put((event, *data))

        one.client.on("*", heard)
        one.client.on("disconnect", lambda *_: one.gone.set())
        await one.client.connect(
            process.url + query, headers, transports=["websocket"], socketio_path=path, wait_timeout=PATIENCE
        )
        return one

    yield connect
    for one in made:
        await one.client.disconnect()
