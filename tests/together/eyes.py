"""Seeing what each API process holds."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from immich_host.testing.waiting import PATIENCE
from tests.together.served import Served

HOLDS_WITHIN = 20.0
"""What one process has changed holds in all others, before those that look by themselves (each half minute) would."""


class Eyes:
    """One kept-alive connection to each API process, so that each can be asked by itself."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.of: dict[int, httpx.AsyncClient] = {}

    async def __aenter__(self) -> "Eyes":
        wanted = set(self.served.pids("immich_host api"))
        ends = time.monotonic() + PATIENCE
        while not wanted <= self.of.keys():
            assert time.monotonic() < ends, f"connections reach only {self.of.keys()} of {wanted}"
            limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
            client = httpx.AsyncClient(base_url=self.served.url, timeout=PATIENCE, limits=limits)
            answer = await client.get("/api/server/ping")
            port = answer.extensions["network_stream"].get_extra_info("client_addr")[1]
            owner = owner_of_connection(self.served.port, port, wanted)
            if owner is None or owner in self.of:
                await client.aclose()
            else:
                self.of[owner] = client
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self.of.values():
            await client.aclose()

    @property
    def first(self) -> httpx.AsyncClient:
        return self.of[min(self.of)]

    async def all_see(self, path: str, seen: Callable[[httpx.Response], bool], **headers: str) -> None:
        """Every process answers so, soon."""
        began = time.monotonic()
        for process_id, client in self.of.items():
            while not seen(answer := await client.get(path, headers=headers)):
                late = f"process {process_id}: {answer.status_code} {answer.text[:200]}"
                assert time.monotonic() - began < HOLDS_WITHIN, late
                await asyncio.sleep(0.02)


def owner_of_connection(server_port: int, client_port: int, candidates: set[int]) -> int | None:
    """Which process has accepted the connection from this local port."""
    wanted = f"0100007F:{server_port:04X}", f"0100007F:{client_port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if (words[1], words[2]) == wanted:
            link = f"socket:[{words[9]}]"
            for process_id in candidates:
                for file in (Path("/proc") / str(process_id) / "fd").iterdir():
                    try:
                        if str(file.readlink()) == link:
                            return process_id
                    except OSError:
                        continue
    return None
