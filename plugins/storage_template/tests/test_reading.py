"""Reading an original while it is moved: nobody is told that it is not there."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

from immich_host.testing.waiting import PATIENCE

from .conftest import Library
from .test_crashes import dying


async def read_all_the_time(library: Library, asset_id: UUID, content: bytes, until: asyncio.Event) -> None:
    client = await library.host.client()
    while not until.is_set():
        answer = await client.get(f"/api/assets/{asset_id}/original")
        assert (answer.status_code, answer.content) == (200, content)
        await asyncio.sleep(0)  # what is in memory is answered without a pause: let others run


async def back_and_forth(library: Library, content: bytes) -> None:
    """Two photos of one name that change places, read by clients of one process, moved by another."""
    asset_ids = [await library.upload(content + bytes([number]), name="a.jpg") for number in range(2)]
    until = asyncio.Event()
    async with dying(library) as other, asyncio.TaskGroup() as readers:
        try:
            for number, asset_id in enumerate(asset_ids):
                readers.create_task(read_all_the_time(library, asset_id, content + bytes([number]), until))
            for template in ("{{y}}/{{filename}}", "{{MM}}/{{filename}}", "{{y}}/{{dd}}/{{filename}}"):
                await library.use(template)
                for asset_id in reversed(asset_ids):
                    await library.host.kernel.jobs.request("storage_template.move", asset_id=asset_id)
                await other.run()
        finally:
            until.set()
    await library.check()


async def test_small_files(library: Library) -> None:
    await back_and_forth(library, b"small" * 100)


async def test_large_files_between_devices(apart: Library) -> None:
    await back_and_forth(apart, b"large" * 200_000)


async def open_download(library: Library, asset_id: UUID) -> tuple[asyncio.Task[bytes], asyncio.Event, asyncio.Event]:
    """A download that stops after its first piece until it is told to go on."""
    client = await library.host.client()
    begun, go_on, received = asyncio.Event(), asyncio.Event(), bytearray()
    path = f"/api/assets/{asset_id}/original"
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path,
        "raw_path": path.encode(), "query_string": b"", "client": ("127.0.0.1", 1), "server": ("host.test", 80),
        "headers": [(b"authorization", client.headers["authorization"].encode())], "extensions": {},
    }  # fmt: skip

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200
            return
        received.extend(message["body"])
        begun.set()
        await go_on.wait()

    async def download() -> bytes:
        await library.host.app(scope, receive, send)
        return bytes(received)

    return asyncio.create_task(download()), begun, go_on


async def moved_while_it_is_sent(library: Library) -> None:
    content = bytes(range(256)) * 16_000
    asset_id = await library.upload(content)
    before: Path = await library.path(asset_id)
    download, begun, go_on = await open_download(library, asset_id)
    await asyncio.wait_for(begun.wait(), PATIENCE)
    await library.use("{{y}}/{{filename}}")
    await library.move(asset_id)
    assert not before.exists()
    go_on.set()
    assert await download == content


async def test_an_open_download_goes_on(library: Library) -> None:
    await moved_while_it_is_sent(library)


async def test_an_open_download_goes_on_although_its_file_went_to_another_device(apart: Library) -> None:
    await moved_while_it_is_sent(apart)
