"""Photos of 12 megapixels as a phone makes them, every one different, and their way into a server."""

import http.client
import io
import os
import threading
import time
import urllib.parse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image
from served import Served
from thumbnails import make_photo

BOUNDARY = "------------------------d74496d66958873e"
MOMENT = "2024-05-01T10:11:12.345Z"
PATTERNS = 4
FIELDS = {"Make": (0x010F, "Maker"), "Model": (0x0110, "Phone 12"), "Orientation": (0x0112, 1)}
CAMERA = {0x829A: 0.008, 0x829D: 1.8, 0x8827: 200, 0x9003: "2024:05:01 12:11:12", 0x9011: "+02:00", 0x920A: 4.2}
PLACE = {1: "N", 2: (48.0, 51.0, 29.6), 3: "E", 4: (2.0, 17.0, 40.2)}


def patterns(folder: Path) -> list[bytes]:
    """A few different pictures with the fields that a phone writes, some 3 MB each."""
    made: list[bytes] = []
    for number in range(PATTERNS):
        path = folder / f"pattern-{number}.jpg"
        make_photo(path, number)
        with Image.open(path) as image:
            exif = image.getexif()
            for tag, value in FIELDS.values():
                exif[tag] = value
            exif.get_ifd(0x8769).update(CAMERA)
            exif.get_ifd(0x8825).update(PLACE)
            output = io.BytesIO()
            image.save(output, "JPEG", quality="keep", exif=exif)
        made.append(output.getvalue())
    return made


def another(pattern: bytes) -> bytes:
    """The same picture as another file: a comment in it differs."""
    return pattern[:2] + b"\xff\xfe\x00\x12" + os.urandom(16) + pattern[2:]


class Uploads:
    """Uploads `count` photos by `connections` connections; `run` answers the seconds that took."""

    def __init__(self, server: Served, pictures: Sequence[bytes], count: int, connections: int) -> None:
        self._server, self._pictures, self._count, self._connections = server, pictures, count, connections
        self._local = threading.local()
        address = urllib.parse.urlsplit(server.url)
        self._address = address.hostname or "", address.port

    def run(self) -> float:
        """Upload them all; every one must be new."""
        begin = time.perf_counter()
        with ThreadPoolExecutor(self._connections) as pool:
            statuses = list(pool.map(self._upload, range(self._count)))
        assert set(statuses) == {201}, statuses
        return time.perf_counter() - begin

    def _upload(self, number: int) -> int:
        if not hasattr(self._local, "line"):
            self._local.line = http.client.HTTPConnection(*self._address, timeout=300)
        line: http.client.HTTPConnection = self._local.line
        dates = "".join(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{MOMENT}\r\n'
            for name in ("fileCreatedAt", "fileModifiedAt")
        )
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="assetData"; filename="{number}.jpg"\r\n\r\n'
        content = another(self._pictures[number % len(self._pictures)])
        body = b"".join(((dates + head).encode(), content, f"\r\n--{BOUNDARY}--\r\n".encode()))
        headers = {
            "Authorization": f"Bearer {self._server.token}",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }
        line.request("POST", "/api/assets", body, headers)
        answer = line.getresponse()
        answer.read()
        return answer.status


def wait_until_done(server: Served, count: int, patience: float = 900.0) -> None:
    """Until no queue has anything to do, and every photo of the timeline has its picture."""
    end = time.perf_counter() + patience
    while any(_busy(queue["statistics"]) for queue in server.call("GET", "/queues")):
        if time.perf_counter() > end:
            raise SystemExit("the jobs do not come to their end")
        time.sleep(0.25)
    columns = server.call("GET", "/timeline/bucket?timeBucket=2024-05-01")
    done = sum(1 for value in columns["thumbhash"] if value)
    assert done >= count, f"{done} of {count} photos are done"


def _busy(statistics: dict[str, int]) -> bool:
    return any(statistics[name] for name in ("active", "waiting", "delayed"))
