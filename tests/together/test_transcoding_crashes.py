"""kill -9 while a video is transcoded: no ffmpeg is left behind, no file, and the copy ends as it would have."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from immich_host.runtime.binaries import media_binaries
from immich_host.testing.host import expect
from immich_host.testing.waiting import PATIENCE
from tests.together.served import Person, Served, until

pytestmark = pytest.mark.timeout(600)

SLOW = {"targetVideoCodec": "hevc", "preset": "slow", "threads": 1, "targetResolution": "original"}
"""What takes a few seconds, so that there is something to kill."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory, programs: None) -> bytes:
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    command = [str(media_binaries().ffmpeg), "-v", "error", "-f", "lavfi", "-i", "mandelbrot=s=320x180:r=25", "-t", "3"]
    subprocess.run([*command, "-c:v", "mpeg4", "-q:v", "3", str(path)], check=True, timeout=PATIENCE)
    return path.read_bytes()


@pytest.fixture
def own(tmp_path: Path, programs: None) -> Iterator[Served]:
    """A server that may be killed as a whole."""
    running = Served(tmp_path / "data")
    yield running
    running.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def person(own: Served) -> Person:
    person = await Person.make(own, "admin")
    async with person.client() as client:
        config = expect(await client.get("/api/system-config"), 200)
        config["ffmpeg"] |= SLOW
        expect(await client.put("/api/system-config", json=config), 200)
    return person


async def transcoding(served: Served) -> int:
    """The process that transcodes now, once it has begun to write."""

    async def begun() -> list[int]:
        written = list((served.folder / "media" / "encoded-video").rglob("made.mp4"))
        return served.pids("libx265") if written else []

    [process_id] = await until(begun)
    return process_id


def files(served: Served) -> dict[str, bytes]:
    """What lies below encoded-video, hidden folders too."""
    top = served.folder / "media" / "encoded-video"
    return {path.name: path.read_bytes() for path in top.rglob("*") if path.is_file() and path.name != ".immich"}


async def done_again(served: Served, person: Person) -> dict[str, bytes]:
    """The files, after the same work undisturbed."""
    async with person.client() as client:
        command = {"command": "start", "force": True}
        expect(await client.put("/api/jobs/videoConversion", json=command), 200)
    await served.idle()
    return files(served)


@pytest.mark.parametrize("whole", [False, True], ids=["worker", "everything"])
async def test_kill_9_while_ffmpeg_works(own: Served, person: Person, film: bytes, whole: bool) -> None:
    asset_id = expect(await person.upload(film, "film.mkv"), 201)["id"]
    ffmpeg = await transcoding(own)
    if whole:
        own.kill_everything()
    else:
        parent = int(Path(f"/proc/{ffmpeg}/stat").read_text().rpartition(")")[2].split()[1])
        own.kill(parent)

    async def gone() -> bool:
        return not Path(f"/proc/{ffmpeg}").exists()

    await until(gone)
    if whole:
        own.start()
    await own.idle()
    after = files(own)
    assert list(after) == [f"{asset_id}.mp4"], "nothing else is left"
    async with person.client() as client:
        assert (await client.get(f"/api/assets/{asset_id}/video/playback")).content == after[f"{asset_id}.mp4"]
    assert await done_again(own, person) == after
