"""Large files through a real process: whoever is slow, what the process holds stays the same."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio

from immich_host.testing.host import MOMENT, expect
from immich_host.testing.waiting import PATIENCE
from tests.together.eyes import Eyes
from tests.together.making import picture
from tests.together.served import Person, Served

MEGABYTE = 1 << 20
SIZE = 300 * MEGABYTE
ROOM = 24 * MEGABYTE
"""By how much a process may grow: buffers, not files."""


def most_memory(process_id: int) -> int:
    """The most bytes that a process has held since `forget_most`."""
    status = (Path("/proc") / str(process_id) / "status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def forget_most(process_id: int) -> None:
    (Path("/proc") / str(process_id) / "clear_refs").write_text("5")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def person(served: Served, admin: Person) -> Person:
    return await Person.make(served, "large", admin)


async def body(block: bytes, digest: "hashlib._Hash") -> AsyncIterator[bytes]:
    """A multipart form with a file of SIZE bytes, made as it is sent, with a rest now and then."""
    head = '--cut\r\nContent-Disposition: form-data; name="{}"\r\n\r\n' + MOMENT + "\r\n"
    yield (head.format("fileCreatedAt") + head.format("fileModifiedAt")).encode()
    yield b'--cut\r\nContent-Disposition: form-data; name="assetData"; filename="large.mp4"\r\n\r\n'
    for number in range(SIZE // MEGABYTE):
        part = number.to_bytes(8) + block
        digest.update(part)
        yield part
        if number % 50 == 0:
            await asyncio.sleep(0.05)
    yield b"\r\n--cut--\r\n"


async def warm_up(person: Person, *clients: httpx.AsyncClient) -> None:
    """Small files first, so that what a process loads once is not taken for what a large file costs."""
    for client in clients:
        small = expect(await person.upload(picture(), client=client), 201)["id"]
        path = f"/api/assets/{small}/original"
        assert (await client.get(path, headers={"Authorization": f"Bearer {person.token}"})).status_code == 200


async def test_large_files_are_not_held_in_memory(served: Served, admin: Person, person: Person) -> None:
    await served.pause("metadataExtraction")
    block, digest = bytes(range(256)) * (MEGABYTE // 256 - 1) + bytes(248), hashlib.sha1(usedforsecurity=False)
    async with Eyes(served) as eyes:
        process_id, client = min(eyes.of.items())
        client.headers["Authorization"] = f"Bearer {person.token}"
        await warm_up(person, client)
        forget_most(process_id)
        before = most_memory(process_id)
        answer = await client.post(
            "/api/assets", content=body(block, digest), headers={"Content-Type": "multipart/form-data; boundary=cut"}
        )
        asset_id = expect(answer, 201)["id"]
        uploaded = most_memory(process_id)
        received = hashlib.sha1(usedforsecurity=False)
        async with client.stream("GET", f"/api/assets/{asset_id}/original") as stream:
            number = 0
            async for part in stream.aiter_raw(MEGABYTE):
                received.update(part)
                number += 1
                if number % 50 == 0:
                    await asyncio.sleep(0.05)
        sent = most_memory(process_id)
    assert received.digest() == digest.digest()
    assert uploaded - before < ROOM
    assert sent - before < ROOM
    async with person.client() as own:
        expect(await own.request("DELETE", "/api/assets", json={"ids": [asset_id], "force": True}), 204)
    await served.sql("DELETE FROM job_request WHERE queue = 'metadataExtraction'")
    await served.resume("metadataExtraction")
    await served.idle()
    assert not any((served.folder / "media" / "upload" / person.id).rglob("*.mp4"))


async def test_a_client_that_stops_reading_costs_nothing(served: Served, person: Person) -> None:
    content = picture() + bytes(60 * MEGABYTE)  # decoders read no further than the picture's end
    asset_id = expect(await person.upload(content, "stalled.jpg"), 201)["id"]
    async with Eyes(served) as eyes:
        for client in eyes.of.values():
            client.headers["Authorization"] = f"Bearer {person.token}"
        await warm_up(person, *eyes.of.values())
    api = served.pids("immich_host api")
    for one in api:
        forget_most(one)
    before = {one: most_memory(one) for one in api}
    stalled = []
    for _ in range(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=MEGABYTE)
        head = f"GET /api/assets/{asset_id}/original HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {person.token}\r\n"
        writer.write(f"{head}\r\n".encode())
        assert (await reader.readline()).split()[1] == b"200"
        stalled.append(writer)
    async with httpx.AsyncClient(base_url=served.url, timeout=PATIENCE) as client:
        assert (await client.get("/api/server/ping")).status_code == 200
    grown = [most_memory(one) - before[one] for one in before]
    for writer in stalled:
        writer.close()
        await writer.wait_closed()
    assert max(grown) < ROOM
    await served.idle()
