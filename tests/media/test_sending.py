import asyncio
import os

import pytest

from immich_host.media.answers import send_error
from immich_host.media.open_files import SMALL, OpenFiles
from immich_host.media.sending import send_file, sent_file
from immich_host.plugin_api.errors import Refused
from immich_host.testing.waiting import PATIENCE

SMALL_BYTES = os.urandom(1024)
LARGE_BYTES = os.urandom(3 * SMALL + 17)


@pytest.fixture
async def get(serving, tmp_path):
    (tmp_path / "small.jpg").write_bytes(SMALL_BYTES)
    (tmp_path / "large.mp4").write_bytes(LARGE_BYTES)
    (tmp_path / "empty.png").write_bytes(b"")

    async def app(scope, receive, send):
        name = scope["path"].strip("/")
        try:
            await send_file(scope, receive, send, sent_file(str(tmp_path / name), file_name=f"Käse {name}"))
        except Refused as error:
            await send_error(scope, receive, send, error)

    async with serving(app) as connect:

        async def ask(name, headers=None, method="GET"):
            line = await connect()
            answer = await line.ask(method, f"/{name}", headers)
            line.cut()
            return answer

        yield ask


async def test_headers(get):
    answer = await get("small.jpg")
    assert answer.status == 200
    assert answer.body == SMALL_BYTES
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''K%C3%A4se%20small.jpg"
    assert answer.headers["cache-control"].startswith("private, max-age=86400, no-transform, stale-while")
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["etag"].startswith('"')
    assert answer.headers["last-modified"].endswith("GMT")


@pytest.mark.parametrize(("name", "content"), [("small.jpg", SMALL_BYTES), ("large.mp4", LARGE_BYTES)])
async def test_ranges_over_the_wire(get, name, content):
    size = len(content)
    whole = await get(name)
    assert whole.body == content
    for asked, part in [
        ("bytes=0-0", content[:1]),
        ("bytes=5-700", content[5:701]),
        (f"bytes={size - 3}-", content[-3:]),
        ("bytes=-500", content[-500:]),
    ]:
        answer = await get(name, {"Range": asked})
        assert (answer.status, answer.body) == (206, part)
        first = content.index(part)
        assert answer.headers["content-range"] == f"bytes {first}-{first + len(part) - 1}/{size}"
    several = await get(name, {"Range": "bytes=0-1,4-5"})
    assert (several.status, several.body) == (200, content)
    behind = await get(name, {"Range": f"bytes={size}-"})
    assert (behind.status, behind.headers["content-range"]) == (416, f"bytes */{size}")
    assert behind.headers["x-correlation-id"]


async def test_conditions_over_the_wire(get):
    etag = (await get("small.jpg")).headers["etag"]
    fresh = await get("small.jpg", {"If-None-Match": etag})
    assert (fresh.status, fresh.body, fresh.headers["etag"]) == (304, b"", etag)
    assert (await get("small.jpg", {"If-None-Match": '"old"'})).status == 200
    resumed = await get("small.jpg", {"Range": "bytes=3-", "If-Range": etag})
    assert resumed.status == 206
    changed = await get("small.jpg", {"Range": "bytes=3-", "If-Range": '"old"'})
    assert changed.status == 200


async def test_head_has_the_headers_and_no_body(get):
    answer = await get("large.mp4", method="HEAD")
    assert (answer.status, answer.headers["content-length"]) == (200, str(len(LARGE_BYTES)))
    assert answer.body == b""


async def test_an_empty_file(get):
    answer = await get("empty.png")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")


async def test_a_missing_file_and_a_folder_are_404(get, tmp_path):
    (tmp_path / "folder.jpg").mkdir()
    for name in ("gone.jpg", "folder.jpg"):
        answer = await get(name)
        assert (answer.status, answer.body) == (404, b'{"message":"Not Found"}')


async def test_a_replaced_file_is_seen_at_once(get, tmp_path):
    first = await get("small.jpg")
    assert (await get("small.jpg")).body == SMALL_BYTES
    (tmp_path / "new").write_bytes(b"new content")
    (tmp_path / "new").replace(tmp_path / "small.jpg")
    second = await get("small.jpg", {"If-None-Match": first.headers["etag"]})
    assert (second.status, second.body) == (200, b"new content")
    (tmp_path / "small.jpg").write_bytes(b"rewritten in place")
    assert (await get("small.jpg")).body == b"rewritten in place"
    (tmp_path / "small.jpg").unlink()
    assert (await get("small.jpg")).status == 404


async def test_small_files_stay_open_within_a_bound(tmp_path):
    files = OpenFiles(keep=2)
    for name in ("a", "b", "c"):
        path = str(tmp_path / name)
        (tmp_path / name).write_bytes(name.encode())
        opened = await files.open(path)
        assert opened.content == name.encode()
        files.release(path, opened)
    assert files.small(str(tmp_path / "a")) is None
    if hasattr(os, "RWF_NOWAIT"):
        kept = files.small(str(tmp_path / "c"))
        assert kept is not None
        assert kept.content == b"c"
    files.clear()


async def test_a_client_that_leaves_stops_the_reading(serving, tmp_path):
    path = tmp_path / "video.mp4"
    with path.open("wb") as file:
        file.truncate(2 << 30)
    ended = asyncio.Event()
    sent = 0

    async def app(scope, receive, send):
        async def counting(message):
            nonlocal sent
            sent += len(message.get("body", b""))
            await send(message)

        await send_file(scope, receive, counting, sent_file(str(path)))
        ended.set()

    async with serving(app) as connect:
        line = await connect()
        await line.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await line.reader.readexactly(100_000)
        line.cut()
        await asyncio.wait_for(ended.wait(), PATIENCE)
    assert sent < 64 << 20


def test_a_picture_that_can_hold_scripts_is_sent_where_they_cannot_run():
    for name, sandboxed in (("a.svg", True), ("a.SVG", True), ("a.jpg", False)):
        headers = dict(sent_file(f"/x/{name}").headers)
        assert headers[b"x-content-type-options"] == b"nosniff"
        assert (b"sandbox" in headers.get(b"content-security-policy", b"")) is sandboxed
