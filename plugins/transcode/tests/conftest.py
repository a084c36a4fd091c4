"""Small real videos, made on the spot by the ffmpeg that also transcodes them."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from immich_host.runtime.binaries import Binaries, media_binaries
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.waiting import PATIENCE
from immich_transcode import hls_streams
from immich_transcode.streams import Audio, Source, Video

type MakeClip = Callable[..., Path]

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
PRORES = ("-c:v", "prores_ks", "-c:a", "pcm_s24le")
TEN_BITS = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, a segment comes before the one who waits for it is turned away."""
    monkeypatch.setattr(hls_streams, "WAIT_SECONDS", PATIENCE)


@pytest.fixture(scope="session")
def programs() -> Binaries:
    found = media_binaries()
    if not {"ffmpeg", "ffprobe"} <= found.found.keys():
        pytest.skip("ffmpeg or ffprobe is missing")
    return found


@pytest.fixture(scope="session")
def clip(programs: Binaries, tmp_path_factory: pytest.TempPathFactory) -> MakeClip:
    """Make a video: `clip("a.mp4", *X264, picture="testsrc2=s=64x48:r=10", seconds=1, sound=False)`."""

    def make(
        name: str, *options: str, picture: str = "testsrc2=s=320x240:r=10", seconds: float = 1, sound: bool = True
    ) -> Path:
        path = tmp_path_factory.mktemp("clip") / name
        command = [str(programs.ffmpeg), "-v", "error", "-y", "-f", "lavfi", "-t", str(seconds), "-i", picture]
        if sound:
            command += ["-f", "lavfi", "-t", str(seconds), "-i", "sine"]
        subprocess.run([*command, *options, str(path)], check=True, timeout=PATIENCE)
        return path

    return make


@pytest.fixture(scope="session")
def turned(programs: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, int], Path]:
    """A copy of a video that players turn by so many degrees."""

    def make(plain: Path, degrees: int) -> Path:
        path = tmp_path_factory.mktemp("turned") / plain.name
        command = [str(programs.ffmpeg), "-v", "error", "-display_rotation", str(degrees), "-i", str(plain)]
        subprocess.run([*command, "-c", "copy", str(path)], check=True, timeout=PATIENCE)
        return path

    return make


@pytest.fixture(scope="session")
def colours(programs: Binaries) -> Callable[..., list[tuple[int, int, int]]]:
    """The colours of a video's first frame at these places, given as parts of width and height."""

    def read(path: Path, *places: tuple[float, float]) -> list[tuple[int, int, int]]:
        command = [str(programs.ffmpeg), "-v", "error", "-i", str(path), "-frames:v", "1"]
        done = subprocess.run(
            [*command, "-f", "image2pipe", "-c:v", "ppm", "-"], check=True, capture_output=True, timeout=PATIENCE
        )
        head, size, _, pixels = done.stdout.split(b"\n", 3)
        assert head == b"P6"
        width, height = map(int, size.split())
        found = []
        for x, y in places:
            start = 3 * (int(y * height) * width + int(x * width))
            red, green, blue = pixels[start : start + 3]
            found.append((red, green, blue))
        return found

    return read


@pytest.fixture(scope="session")
def source() -> Callable[..., Source]:
    """A source as ffprobe might tell it: 1080p in H.264 with AAC, unless said otherwise."""

    def make(**changes: object) -> Source:
        audio = changes.pop("audio", Audio(1, "aac", 2))
        container = changes.pop("container", "mp4")
        video: dict[str, object] = {
            "index": 0,
            "codec": "h264",
            "width": 1920,
            "height": 1080,
            "rotation": 0,
            "pixel_format": "yuv420p",
            "transfer": "bt709",
            "matrix": "bt709",
            "bitrate": 8_000_000,
            "frame_rate": 30.0,
            "is_interlaced": False,
            "has_reserved_colour": False,
        } | changes
        video.setdefault("stored", (video["width"], video["height"]))
        return Source(container, 10.0, Video(**video), audio)  # type: ignore[arg-type]

    return make


@pytest_asyncio.fixture(loop_scope="session")
async def running(host: MakeHost) -> RunningHost:
    """A host with this plugin alone."""
    return await host(plugins=["transcode"])


async def copy_of(running: RunningHost, asset_id: UUID) -> Path | None:
    """The playable copy of an asset, if it has one."""
    rows = await running.kernel.files.of_asset(asset_id)
    return next((row.path for row in rows if row.type == "encoded_video"), None)


def encoded(running: RunningHost) -> list[str]:
    """Every file below encoded-video, but for the folder's marker."""
    top = running.kernel.files.media_root / "encoded-video"
    return sorted(path.name for path in top.rglob("*") if path.is_file() and path.name != ".immich")
