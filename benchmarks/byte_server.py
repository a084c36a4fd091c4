"""A whole host without plugins on one Hypercorn, with bare ASGI answers beside it, for the byte benchmarks.

Run as a program it prints one line of JSON when it answers, and ends when its input closes.
"""

import asyncio
import hashlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import uvloop
from hypercorn.asyncio import serve
from hypercorn.config import Config

from immich_host.testing.fixtures import running_host
from immich_host.testing.servers import running_servers

THUMBNAILS = 300
THUMBNAIL_BYTES = 12_000


@contextmanager
def server() -> Iterator[dict[str, Any]]:
    """The running server's facts: `port`, `token` and the asset ids `thumbnails`."""
    child = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout
        line = next((line for line in child.stdout if line.startswith("{")), None)
        if line is None:
            raise SystemExit("the server did not start")
        yield json.loads(line)
    finally:
        assert child.stdin
        child.stdin.close()
        child.wait(30)


def cpu_seconds(facts: dict[str, Any]) -> float:
    """Seconds of CPU that the server has used, so that other work on the machine can be left out."""
    line = http.client.HTTPConnection("127.0.0.1", facts["port"])
    line.request("GET", "/cpu")
    return float(line.getresponse().read())


class Bare:
    """The bare things: a sink that hashes and writes, and a file that is read and sent."""

    def __init__(self, app: Any, folder: Path, files: dict[str, Path]) -> None:
        self._app, self._folder, self._files = app, folder, files

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer, or pass on to the host; `/cpu` tells the seconds of CPU that this process has used."""
        path = scope.get("path", "")
        if path == "/cpu":
            await _answer(send, str(time.process_time()).encode())
        elif path == "/sink":
            await self._sink(receive, send)
        elif path.startswith("/bare/"):
            await self._file(self._files[path.removeprefix("/bare/")], send)
        else:
            await self._app(scope, receive, send)

    async def _sink(self, receive: Any, send: Any) -> None:
        digest = hashlib.sha1(usedforsecurity=False)
        with (self._folder / uuid4().hex).open("wb") as file:
            more = True
            while more:
                message = await receive()
                digest.update(message["body"])
                file.write(message["body"])
                more = message["more_body"]
        await _answer(send, digest.hexdigest().encode())

    async def _file(self, path: Path, send: Any) -> None:
        with path.open("rb") as file:
            content = file.read()
        await _answer(send, content)


async def _answer(send: Any, content: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(content)), (b"content-type", b"image/webp")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})


async def _thumbnails(running: Any) -> dict[str, Path]:
    files: dict[str, Path] = {}
    owner: UUID = await running.user_id()
    for _ in range(THUMBNAILS):
        asset_id = await running.upload(os.urandom(64), name="photo.jpg")
        path = running.kernel.files.derived_path("thumbs", owner, f"{asset_id}_thumbnail.webp")
        async with running.kernel.files.writing(path) as temporary:
            temporary.write_bytes(os.urandom(THUMBNAIL_BYTES))
        await running.kernel.files.register(asset_id, "thumbnail", path)
        files[str(asset_id)] = path
    return files


async def _main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with running_servers(folder / "servers") as servers, running_host(servers, folder / "data", []) as host:
            client = await host.client()
            files = await _thumbnails(host)
            (folder / "sink").mkdir()
            config = Config()
            config.accesslog = config.errorlog = None
            config.keep_alive_max_requests = 1_000_000_000
            sockets = _listening(config)
            token = client.headers["authorization"].removeprefix("Bearer ")
            print(json.dumps({"port": sockets, "token": token, "thumbnails": list(files)}), flush=True)
            app: Any = Bare(host.app, folder / "sink", files)
            await serve(app, config, shutdown_trigger=_input_closed, mode="asgi")


def _listening(config: Config) -> int:
    config.bind = ["127.0.0.1:0"]
    made = config.create_sockets()
    config.create_sockets = lambda: made  # type: ignore[method-assign]
    for socket in made.insecure_sockets:
        socket.listen(100)
    return made.insecure_sockets[0].getsockname()[1]


async def _input_closed() -> None:
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(_main())
