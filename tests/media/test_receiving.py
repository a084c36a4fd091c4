import asyncio
import hashlib
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

from immich_host.media import received
from immich_host.media.answers import Body, ClientGone, send_error, send_json
from immich_host.media.receiving import clean_name, receiving
from immich_host.plugin_api.errors import Refused
from immich_host.testing.waiting import PATIENCE

OWNER = uuid4()
FILES = frozenset({"assetData", "sidecarData"})
BOUNDARY = "----a-boundary"
HEADERS = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def sha1_of(content):
    return hashlib.sha1(content, usedforsecurity=False).digest()


def part(name, content, file_name=None):
    disposition = f'form-data; name="{name}"' + (f'; filename="{file_name}"' if file_name is not None else "")
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode()
    return head + content + b"\r\n"


def form(*parts):
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


class App:
    """Stores uploads below the media root; what happened is in `seen`."""

    def __init__(self, paths, incoming):
        self.paths, self.incoming = paths, incoming
        self.seen = asyncio.Queue()
        self.keep = True

    async def begun(self, head, _fields):
        if head.file_name.endswith(".exe"):
            raise Refused(400, f"Unsupported file type {head.file_name}")

    async def __call__(self, scope, receive, send):
        body = Body(scope, receive)
        try:
            async with receiving(scope, body, self.incoming, files=FILES, begun=self.begun) as upload:
                stored = {}
                for name, file in upload.files.items():
                    target = self.paths.upload(OWNER, Path(file.head.file_name).suffix)
                    await file.place(target)
                    if self.keep:
                        await file.keep()
                    stored[name] = (file.head.file_name, file.size, file.sha1, target)
            self.seen.put_nowait((upload.fields, stored))
            await send_json(scope, body, send, 201, {"files": len(stored)})
        except Refused as error:
            self.seen.put_nowait(error)
            await send_error(scope, body, send, error)
        except ClientGone as error:
            self.seen.put_nowait(error)


@pytest.fixture
def app(paths, incoming):
    return App(paths, incoming)


@pytest.fixture
async def line(serving, app):
    async with serving(app) as connect:
        yield await connect()


async def test_files_and_fields_in_any_order(line, app, files_left):
    picture, sidecar = os.urandom(1_500_001), b"<xmp/>"
    parts = [
        part("filename", "Käse ü.jpg".encode()),
        part("assetData", picture, "Käse.JPG"),
        part("deviceId", b""),
        part("sidecarData", sidecar, "K%C3%A4se.xmp"),
        part("other", b"not asked for", "other.bin"),
    ]
    for _ in range(3):
        random.shuffle(parts)
        answer = await line.ask("POST", "/", HEADERS, form(*parts))
        assert (answer.status, answer.body) == (201, b'{"files":2}')
        fields, stored = await app.seen.get()
        assert fields == {"filename": "Käse ü.jpg", "deviceId": ""}
        name, size, sha1, target = stored["assetData"]
        assert (name, size, sha1) == ("Käse.JPG", len(picture), sha1_of(picture))
        assert target.read_bytes() == picture
        assert stored["sidecarData"][0] == "Käse.xmp"
    assert len(files_left()) == 6


async def test_chunked_bodies_cut_anywhere(line, app):
    content = b"\r\n--" + os.urandom(70_000) + f"\r\n--{BOUNDARY[:-1]}\r\n".encode()
    data = form(part("assetData", content, "a.jpg"), part("isFavorite", b"true"))
    await line.send(
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        + f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n".encode()
    )
    while data:
        piece = data[: random.choice((1, 2, 7, 4000, 30_000))]
        data = data[len(piece) :]
        await line.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    await line.send(b"0\r\n\r\n")
    answer = await line.answer()
    fields, stored = await app.seen.get()
    assert answer.status == 201
    assert stored["assetData"][2] == sha1_of(content)
    assert fields == {"isFavorite": "true"}


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        ({"Content-Type": "application/json"}, b"{}", "Expected a multipart/form-data body"),
        ({}, b"x", "Expected a multipart/form-data body"),
        ({"Content-Type": "multipart/form-data"}, b"x", "Expected a multipart/form-data body"),
        (HEADERS, b"no boundary at all", "Malformed multipart body"),
        (HEADERS, part("assetData", b"x" * 900_000, "a.jpg"), "Malformed multipart body"),
        (HEADERS, form(part("a", b"x" * (1 << 20)), part("b", b"x")), "The form fields are too large"),
        (HEADERS, form(part("a", b"\xff\xfe")), "The form field a is not UTF-8"),
        (HEADERS, form(part("assetData", b"1", "a.jpg"), part("assetData", b"2", "b.jpg")), "second part assetData"),
    ],
)
async def test_bad_bodies_answer_400_and_leave_nothing(line, app, files_left, headers, body, text):
    answer = await line.ask("POST", "/", headers, body)
    assert answer.status == 400
    assert text in answer.body.decode()
    assert answer.headers["x-correlation-id"]
    assert files_left() == []


async def test_a_cut_connection_leaves_nothing(serving, app, files_left):
    body = form(part("assetData", os.urandom(3 << 20), "a.jpg"), part("isFavorite", b"true"))
    async with serving(app) as connect:
        for end in (10, 200, 1 << 20, len(body) - 60, len(body) - 3):
            line = await connect()
            head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
            await line.send((head + f"Content-Type: {HEADERS['Content-Type']}\r\n\r\n").encode() + body[:end])
            line.cut()
            assert isinstance(await asyncio.wait_for(app.seen.get(), PATIENCE), ClientGone)
            assert files_left() == []


async def test_what_is_not_kept_goes(line, app, files_left):
    app.keep = False
    answer = await line.ask("POST", "/", HEADERS, form(part("assetData", b"x", "a.jpg")))
    assert answer.status == 201
    assert files_left() == []


async def test_a_refused_type_is_answered_before_its_bytes(line, app, files_left):
    head = part("assetData", b"", "virus.exe")[:-2]
    await line.send(
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000000\r\n"
        + f"Content-Type: {HEADERS['Content-Type']}\r\n\r\n".encode()
        + head
        + b"x" * 1000
    )
    answer = await line.answer()
    assert (answer.status, answer.body) == (400, b'{"message":"Unsupported file type virus.exe"}')
    assert answer.headers["connection"] == "close"
    assert files_left() == []


async def test_an_early_answer_to_a_short_body_keeps_the_connection(line):
    body = form(part("assetData", b"x" * 500_000, "virus.exe"))
    for _ in range(2):
        answer = await line.ask("POST", "/", HEADERS, body)
        assert answer.status == 400
        assert "connection" not in answer.headers


async def test_a_slow_disk_holds_the_client_back(line, app, monkeypatch):
    """With a disk of 40 MB/s no more than the buffers are taken ahead of it."""
    taken, written, ahead = 0, 0, 0
    real_feed, real_write = received.ReceivedFile.feed, received.ReceivedFile._write

    async def feed(self, chunk):
        nonlocal taken, ahead
        taken += len(chunk)
        ahead = max(ahead, taken - written)
        await real_feed(self, chunk)

    def write(self, buffer, filled):
        nonlocal written
        real_write(self, buffer, filled)
        time.sleep(filled / 40e6)
        written += filled

    monkeypatch.setattr(received.ReceivedFile, "feed", feed)
    monkeypatch.setattr(received.ReceivedFile, "_write", write)
    answer = await line.ask("POST", "/", HEADERS, form(part("assetData", bytes(24 << 20), "a.jpg")))
    assert answer.status == 201
    assert taken == 24 << 20
    assert ahead <= 3 * received.BATCH


async def test_a_silent_client_counts_as_gone(line, app, monkeypatch, files_left):
    monkeypatch.setattr("immich_host.media.receiving.SILENCE", 2.0)
    body = form(part("assetData", b"x" * 6000, "a.jpg"))
    await line.send(
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: {HEADERS['Content-Type']}\r\n\r\n".encode()
    )
    for start in range(0, 5000, 1000):  # slow, but not silent: longer than the limit in all
        await line.send(body[start : start + 1000])
        await asyncio.sleep(0.5)
    assert app.seen.empty()
    assert isinstance(await asyncio.wait_for(app.seen.get(), PATIENCE), ClientGone)
    assert files_left() == []


async def test_a_disk_error_is_an_error_and_leaves_nothing(app, incoming, monkeypatch, files_left):
    def full(self, buffer, filled):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(received.ReceivedFile, "_write", full)
    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", HEADERS["Content-Type"].encode())]}
    messages = iter([{"type": "http.request", "body": form(part("assetData", b"x" * 5000, "a.jpg"))}])

    async def receive():
        return next(messages)

    with pytest.raises(OSError, match="No space left"):
        async with receiving(scope, receive, incoming, files=FILES):
            pass
    assert files_left() == []


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("Käse.jpg", "Käse.jpg"),
        ("100%.jpg", "100%.jpg"),
        ("../../etc/a.jpg", "a.jpg"),
        ("C:\\Bilder\\a.jpg", "a.jpg"),
        ("Screenshot 10.11.12\u202fAM.png", "Screenshot 10.11.12\u202fAM.png"),
        ("\u3000👩\u200d🚀.jpg", "\u3000👩\u200d🚀.jpg"),
        ("n" * 300 + ".jpeg", "n" * 250 + ".jpeg"),
        ("n." + "x" * 300, "." + "x" * 254),
        ("a\x00b\x1f.jpg", "ab.jpg"),
        ("日本.heic", "日本.heic"),
    ],
)
def test_file_names(sent, expected):
    assert clean_name(sent) == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("Käse.jpg".encode(), "Käse.jpg"),
        ("Käse.jpg".encode("latin-1"), "Käse.jpg"),
        (b"K%C3%A4se.jpg", "Käse.jpg"),
        (b"50%ff.jpg", "50%ff.jpg"),
        (b"..%2F..%2Fa.jpg", "a.jpg"),
    ],
)
async def test_file_names_in_whatever_form_clients_send_them(line, app, sent, expected):
    body = form(part("assetData", b"x", "NAME.jpg")).replace(b"NAME.jpg", sent)
    answer = await line.ask("POST", "/", HEADERS, body)
    assert answer.status == 201
    _, stored = await app.seen.get()
    assert stored["assetData"][0] == expected


MEMORY = """
import asyncio, hashlib, resource, sys, time
from pathlib import Path
from uuid import uuid4
from immich_host.media import received
from immich_host.media import receiving as room
from immich_host.media.incoming import Incoming
from immich_host.media.paths import MediaPaths

paths = MediaPaths(Path(sys.argv[1])); paths.prepare()
incoming = Incoming(paths); incoming.open()
size, piece = 300 << 20, bytes(64 << 10)
real = received.ReceivedFile._write
def slow(self, buffer, filled):
    real(self, buffer, filled)
    time.sleep(filled / 600e6)
received.ReceivedFile._write = slow
head = b'--b\\r\\nContent-Disposition: form-data; name="assetData"; filename="a.mp4"\\r\\n\\r\\n'
def messages():
    yield head
    for _ in range(size // len(piece)):
        yield piece
    yield b'\\r\\n--b--\\r\\n'
source = messages()
async def receive():
    chunk = next(source, None)
    return {"type": "http.request", "body": bytes(chunk or b""), "more_body": chunk is not None}
async def main():
    scope = {"headers": [(b"content-type", b"multipart/form-data; boundary=b")], "method": "POST"}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with room.receiving(scope, receive, incoming, files=frozenset({"assetData"})) as upload:
        assert upload.files["assetData"].size == size
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
asyncio.run(main())
incoming.close()
"""


def test_memory_stays_flat(tmp_path):
    """300 MB through a slow disk raise the peak by a few MB (measured: under 5)."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path)], check=True, capture_output=True, text=True, timeout=60
    )
    unit = 1 if resource.getpagesize() and sys.platform != "darwin" else 1024
    assert int(done.stdout) // unit < 16
