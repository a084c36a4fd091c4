"""A hub for models on loopback, with the addresses and headers of the real one: ranges, hashes, redirects."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LFS_BYTES = 1000
"""Files above are kept by their SHA-256, as large ones are; the others by git."""


class FakeHub:
    """Repositories by name, what was asked for, and how it misbehaves."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.url = ""
        self.commit = COMMIT
        self.asked: list[tuple[str, str | None]] = []
        self.cut_after: int | None = None
        self.damage: set[str] = set()
        self.gives_ranges = True
        self.status: int | None = None
        self.hold: asyncio.Event | None = None
        self.begun = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split(" ", 2)
            fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            wanted = next((value for name, value in fields.items() if name.lower() == "range"), None)
            path = unquote(urlsplit(target).path)
            status, headers, content = self.respond(path, wanted)
            headers |= {"connection": "close"}
            headers.setdefault("content-length", str(len(content)))
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode())
            if method != "HEAD":
                await self.send(path, content, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # a client that leaves is what some tests are about
        finally:
            writer.close()

    async def send(self, path: str, content: bytes, writer: asyncio.StreamWriter) -> None:
        """A file's content, perhaps not all of it."""
        if not path.startswith("/cdn/"):
            writer.write(content)
            return
        half = len(content) // 2
        writer.write(content[:half])
        await writer.drain()
        self.begun.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.cut_after is not None and len(content) > self.cut_after:
            return
        writer.write(content[half:])

    def respond(self, path: str, wanted: str | None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers, content."""
        if self.status is not None:
            return self.status, {}, b"{}"
        if path.startswith("/api/models/"):
            return self.listing("/".join(path.split("/")[3:5]))
        if path.startswith("/cdn/"):
            return self.file(path, wanted)
        owner, name, _, _, file = path[1:].split("/", 4)
        return 302, {"location": f"{self.url}/cdn/{owner}/{name}/{file}"}, b""

    def listing(self, name: str) -> tuple[int, dict[str, str], bytes]:
        """What a repository holds."""
        files = self.repositories.get(name)
        if files is None:
            return 404, {"X-Error-Code": "RepoNotFound"}, b'{"error":"Repository not found"}'
        siblings = [{"rfilename": each, "size": len(content), **_names(content)} for each, content in files.items()]
        body = {"id": name, "sha": self.commit, "siblings": siblings}
        return 200, {"content-type": "application/json"}, json.dumps(body).encode()

    def file(self, path: str, wanted: str | None) -> tuple[int, dict[str, str], bytes]:
        """A file, or a part of it."""
        _, _, owner, name, file = path.split("/", 4)
        self.asked.append((file, wanted))
        content = self.repositories[f"{owner}/{name}"][file]
        if file in self.damage:
            content = b"?" * len(content)
        if wanted is None or not self.gives_ranges:
            return 200, {"accept-ranges": "bytes"}, content
        start = int(wanted.removeprefix("bytes=").partition("-")[0])
        return 206, {"content-range": f"bytes {start}-{len(content) - 1}/{len(content)}"}, content[start:]


def _names(content: bytes) -> dict[str, object]:
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    if len(content) <= LFS_BYTES:
        return {"blobId": blob}
    sha256 = hashlib.sha256(content).hexdigest()
    return {"blobId": blob, "lfs": {"sha256": sha256, "size": len(content), "pointerSize": 100}}


@asynccontextmanager
async def running_hub() -> AsyncIterator[FakeHub]:
    """One that listens on loopback."""
    hub = FakeHub()
    server = await asyncio.start_server(hub.serve, "127.0.0.1", 0)
    hub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield hub
    finally:
        server.close()
