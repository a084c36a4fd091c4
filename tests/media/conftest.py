import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from hypercorn.asyncio import serve
from hypercorn.config import Config

from immich_host.media.incoming import Incoming
from immich_host.media.paths import MediaPaths
from immich_host.testing.waiting import PATIENCE


@dataclass
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes


class Line:
    """A raw HTTP/1.1 connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, *, head_only: bool = False) -> Answered:
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE)).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = 0 if head_only else int(headers.get("content-length", "0"))
        body = await asyncio.wait_for(self.reader.readexactly(length), PATIENCE)
        return Answered(int(first.split()[1]), headers, body)

    async def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answered:
        lines = [f"{method} {path} HTTP/1.1", "Host: test", *(f"{k}: {v}" for k, v in (headers or {}).items())]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        await self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return await self.answer(head_only=method == "HEAD")

    def cut(self) -> None:
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()


@asynccontextmanager
async def _serving(app) -> AsyncIterator[Callable[[], Awaitable[Line]]]:
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.graceful_timeout = 0.2
    config.errorlog = None
    stop = asyncio.Event()
    sockets = config.create_sockets()
    port = sockets.insecure_sockets[0].getsockname()[1]
    config.create_sockets = lambda: sockets  # type: ignore[method-assign]
    for socket in sockets.insecure_sockets:
        socket.listen(100)
    task = asyncio.create_task(serve(app, config, shutdown_trigger=stop.wait, mode="asgi"))
    lines: list[Line] = []

    async def connect() -> Line:
        line = Line(*await asyncio.open_connection("127.0.0.1", port))
        lines.append(line)
        return line

    try:
        yield connect
    finally:
        for line in lines:
            line.cut()
        stop.set()
        await task


@pytest.fixture
def serving():
    return _serving


@pytest.fixture
def paths(tmp_path) -> MediaPaths:
    paths = MediaPaths(tmp_path / "media")
    paths.prepare()
    return paths


@pytest.fixture
def incoming(paths):
    incoming = Incoming(paths)
    incoming.open()
    yield incoming
    incoming.close()


@pytest.fixture
def files_left(paths):
    """Every file below the media root that is no marker and no lock."""

    def left() -> list[str]:
        return sorted(
            path.relative_to(paths.root).as_posix()
            for path in paths.root.rglob("*")
            if path.is_file() and path.name not in {".immich", ".lock"}
        )

    return left
