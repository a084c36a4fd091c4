"""A real receiver on loopback, which checks signatures and answers as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from immich_webhooks.signing import verify


@dataclass
class Receiver:
    """What came; `answers` are given one after the other, then 200."""

    url: str = ""
    secret: str = ""
    answers: list[int] = field(default_factory=list)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    hold: asyncio.Event | None = None

    async def take(self, request: web.Request) -> web.Response:
        self.requests.append(({key.lower(): value for key, value in request.headers.items()}, await request.read()))
        if self.hold is not None:
            await self.hold.wait()
        status = self.answers.pop(0) if self.answers else 200
        return web.Response(status=status, headers={"location": f"{self.url}/elsewhere"} if status == 302 else {})

    def genuine(self, secret: str) -> list[dict[str, Any]]:
        """The bodies, all of which must be signed with this secret."""
        for headers, body in self.requests:
            assert verify(secret, headers["x-webhook-timestamp"], headers["x-webhook-signature"], body)
            assert headers["content-type"] == "application/json"
        return [json.loads(body) for _, body in self.requests]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    there = Receiver()
    app = web.Application()
    app.router.add_post("/{tail:.*}", there.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    there.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield there
    if there.hold is not None:
        there.hold.set()
    await runner.cleanup()
