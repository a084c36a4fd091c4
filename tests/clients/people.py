"""Accounts on the served host, and devices that listen to its socket."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import socketio

from immich_host.testing.host import expect
from immich_host.testing.waiting import PATIENCE

PASSWORD = "correct horse"


async def soon(check: Callable[[], Awaitable[bool]]) -> bool:
    """Whether something comes true that other processes bring about."""
    until = time.monotonic() + PATIENCE
    while not await check():
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.02)
    return True


@dataclass
class Listener:
    """A connected socket with everything that it was sent."""

    socket: socketio.AsyncClient
    events: list[tuple[str, Any]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    async def connect(cls, url: str, headers: Mapping[str, str]) -> "Listener":
        """Connect as a client with these headers, and wait for the server's welcome."""
        listener = cls(socketio.AsyncClient(reconnection=False))
        listener.socket.on("*", listener._heard)
        await listener.socket.connect(
            url, dict(headers), transports=["websocket"], socketio_path="/api/socket.io", wait_timeout=PATIENCE
        )
        await listener.wait("on_server_version")
        return listener

    async def _heard(self, event: str, *data: Any) -> None:
        self.events.append((event, data[0] if data else None))
        self.changed.set()

    def of(self, event: str) -> list[Any]:
        """The payloads of an event so far."""
        return [data for name, data in self.events if name == event]

    async def wait(self, event: str, count: int = 1) -> list[Any]:
        """Wait until an event has come `count` times; its payloads."""
        try:
            async with asyncio.timeout(PATIENCE):
                while len(self.of(event)) < count:
                    await self.changed.wait()
                    self.changed.clear()
        except TimeoutError:
            raise AssertionError(f"{event} came {len(self.of(event))} times, not {count}: {self.events}") from None
        return self.of(event)


@dataclass
class Person:
    """A signed-in account."""

    id: str
    email: str
    token: str
    http: httpx.AsyncClient

    async def key(self, *permissions: str) -> str:
        """A new API key's secret."""
        answer = await self.http.post("/api/api-keys", json={"name": "test", "permissions": list(permissions)})
        return expect(answer, 201)["secret"]

    async def get(self, path: str, **query: str) -> Any:
        """The JSON of a path below /api."""
        return expect(await self.http.get(f"/api{path}", params=query), 200)


async def sign_in(url: str, email: str) -> Person:
    """A session of an account that is there already."""
    http = httpx.AsyncClient(base_url=url, timeout=PATIENCE)
    login = expect(await http.post("/api/auth/login", json={"email": email, "password": PASSWORD}), 201)
    http.cookies.clear()
    http.headers["Authorization"] = f"Bearer {login['accessToken']}"
    return Person(login["userId"], email, login["accessToken"], http)
