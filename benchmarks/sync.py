"""What a phone that begins anew is sent, of a server with 1,000,000 assets (`full_library.py`): lines/s and memory.

Each kind of lines, and all that the app asks for, by a real `serve` against the statements alone: these are learned by
the server's own functions in this process, and read by cursors on one connection of asyncpg with the same prefetch.
Memory (PSS) is that of the process that answers: while a client reads as fast as it can, for a minute, while one takes
64 kB every 50 ms, and while three of one user do. It has to stay bounded: 60 MB above idle.

    python benchmarks/sync.py [--assets N] [--data FOLDER] [--only PART] [--json]

With `--data` the server is kept in that folder, as by `lists.py`, and not filled again the next time. Linux only.
"""

import argparse
import asyncio
import http.client
import json
import logging
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from full_library import fill, folder
from served import Served, serving

from immich_host.kernel import HostKernel
from immich_host.runtime.embedded import connected
from immich_host.runtime.postgres import Postgres
from immich_host.runtime.settings import RuntimeSettings
from immich_host.sync import store
from immich_host.sync.routes import _streams
from immich_host.sync.streaming import answer
from immich_host.sync.types import RETIRED, SyncRequestType
from immich_host.testing.statements import Statement, statements

PIECE = 64 * 1024
FAST_SECONDS = 60.0
SLOW_SECONDS = 15.0
SLOW_PAUSE = 0.05
AT_ONCE = 3
ALL = [str(each) for each in SyncRequestType if each not in RETIRED]
CASES = {
    "assets": ["AssetsV2"],
    "exif": ["AssetExifsV1"],
    "stacks": ["StacksV1"],
    "partners' assets": ["PartnerAssetsV2"],
    "partners' exif": ["PartnerAssetExifsV1"],
    "albums, members": ["AlbumsV2", "AlbumUsersV1"],
    "albums' contents": ["AlbumToAssetsV1"],
    "albums' assets": ["AlbumAssetsV2"],
    "albums' exif": ["AlbumAssetExifsV1"],
    "memories": ["MemoriesV1", "MemoryToAssetsV1"],
    "people, faces": ["PeopleV1", "AssetFacesV2"],
    "all": ALL,
}


class Answer:
    """An answer of `POST /sync/stream` that is being read."""

    def __init__(self, server: Served, types: list[str]) -> None:
        self.line = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc, timeout=120)
        headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
        self.line.request("POST", "/api/sync/stream", json.dumps({"types": types, "reset": True}), headers)
        self.answer = self.line.getresponse()
        assert self.answer.status == 200, self.answer.read()
        self.lines = self.bytes = 0

    def read(self) -> bool:
        """A piece; False when there is no more."""
        piece = self.answer.read1(PIECE)
        self.lines += piece.count(b"\n")
        self.bytes += len(piece)
        return bool(piece)

    def read_all(self, seconds: float = 3600.0) -> None:
        """As fast as it comes, for so long at most; closed then."""
        ends = time.monotonic() + seconds
        while self.read() and time.monotonic() < ends:
            pass
        self.line.close()

    def read_slowly(self) -> None:
        """For some seconds; closed then, whatever is left."""
        ends = time.monotonic() + SLOW_SECONDS
        while time.monotonic() < ends and self.read():
            time.sleep(SLOW_PAUSE)
        self.line.close()


@dataclass
class Watched:
    """Memory of the processes that answer, in MB."""

    most: float = 0.0


@contextmanager
def watching(server: Served) -> Iterator[Watched]:
    """The most that one of them held meanwhile."""
    watched, over = Watched(), threading.Event()

    def watch() -> None:
        while not over.is_set():
            watched.most = max(watched.most, held(server))
            over.wait(0.1)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield watched
    finally:
        over.set()
        thread.join()


def held(server: Served) -> float:
    """MB of the largest process that answers requests."""
    return max(size for role, size in server.memory_each() if role == "api")


async def learn(data: Path, user_id: UUID, session_id: UUID, cases: dict[str, list[str]]) -> dict[str, list[Statement]]:
    """The statements of each case, by the server's own functions."""
    kernel = HostKernel(connected(RuntimeSettings(data=data)), hand_over=False)
    await kernel.start()
    found: dict[str, list[Statement]] = {}
    try:
        for name, types in cases.items():
            await store.begin_anew(kernel.db, session_id)
            wanted = [SyncRequestType(each) for each in types]
            with statements() as ran:
                async for _ in answer(kernel.db, _streams(kernel), user_id, session_id, wanted):
                    pass
            # what it notes for the session is written by another connection: this one only reads
            found[name] = [each for each in ran if "INSERT INTO" not in each.sql]
    finally:
        await kernel.stop()
    return found


async def alone(url: str, ran: list[Statement]) -> float:
    """Seconds that the statements take."""
    connection = await asyncpg.connect(url)
    begin = time.perf_counter()
    try:
        for each in ran:
            await each.run(connection)
    finally:
        await connection.close()
    return time.perf_counter() - begin


async def speeds(server: Served, data: Path, chosen: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Each case, by SQL and by request."""
    url = Postgres(data / "postgres").uri
    me = UUID(server.call("GET", "/users/me")["id"])
    session = next(UUID(each["id"]) for each in server.call("GET", "/sessions") if each["current"])
    connection = await asyncpg.connect(url)
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM asset)"):
        await fill(url, me, chosen.assets)
    await connection.close()
    cases = {name: types for name, types in CASES.items() if any(part in name for part in chosen.only.split(","))}
    learned = await learn(data, me, session, cases)
    results: dict[str, dict[str, Any]] = {}
    for name, types in cases.items():
        seconds = await alone(url, learned[name])
        begin = time.perf_counter()
        got = Answer(server, types)
        await asyncio.to_thread(got.read_all)
        taken = time.perf_counter() - begin
        results[name] = {
            "statements": len(learned[name]), "lines": got.lines, "bytes": got.bytes, "sql_s": seconds,
            "request_s": taken, "ratio": taken / seconds, "lines_a_second": got.lines / taken,
        }  # fmt: skip
        if not chosen.json:
            print(shown(name, results[name]), flush=True)
    return results


def memory(server: Served, idle: float) -> dict[str, float]:
    """The most MB of the process that answers, by what is going on."""
    found = {"idle": idle}
    with watching(server) as fast:
        Answer(server, ALL).read_all(FAST_SECONDS)
    found["one reads fast"] = fast.most
    for name, number in (("one reads slowly", 1), ("three read slowly", AT_ONCE)):
        with watching(server) as slow:
            answers = [Answer(server, ALL) for _ in range(number)]
            threads = [threading.Thread(target=each.read_slowly) for each in answers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        found[name] = slow.most
    return found


def shown(name: str, one: dict[str, Any]) -> str:
    """A line of the table."""
    amounts = f"{one['statements']:6}{one['lines']:10}{one['bytes'] / 1e6:8.1f}"
    return (
        f"{name:22}{amounts}{one['sql_s']:9.2f}{one['request_s']:11.2f}{one['ratio']:7.2f}{one['lines_a_second']:10.0f}"
    )


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    options = argparse.ArgumentParser()
    options.add_argument("--assets", type=int, default=1_000_000)
    options.add_argument("--data", type=Path, help="folder in which the server is kept")
    options.add_argument("--only", default="", help="parts of the names of cases, with commas between")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    if not chosen.json:
        print(f"{'':22}{'SQL':>6}{'lines':>10}{'MB':>8}{'SQL s':>9}{'request s':>11}{'ratio':>7}{'lines/s':>10}")
    with folder(chosen.data, "sync-") as data, serving(data) as server:
        idle = held(server)
        results = asyncio.run(speeds(server, data, chosen))
        amounts = memory(server, idle)
    if chosen.json:
        print(json.dumps({"speeds": results, "memory_mb": amounts}))
        return
    for name, size in amounts.items():
        print(f"{name:22}{size:8.1f} MB, {size - amounts['idle']:+.1f}")


if __name__ == "__main__":
    main()
