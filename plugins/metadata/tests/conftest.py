"""Programs and small real files, made on the spot."""

import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from PIL import Image

from immich_host.runtime.binaries import Binaries, media_binaries
from immich_metadata.tags import TagReader

SHARED = Path(__file__).parents[4] / "shared" / "assets"


@pytest.fixture(scope="session")
def programs() -> Binaries:
    found = media_binaries()
    if not (found.exiftool and found.ffmpeg and found.ffprobe):
        pytest.skip("exiftool, ffmpeg or ffprobe is missing")
    return found


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the shared photos are not here")
    return SHARED


@pytest.fixture
async def reader(programs: Binaries) -> AsyncIterator[TagReader]:
    assert programs.exiftool
    found = TagReader(programs.exiftool)
    yield found
    await found.close()


@pytest.fixture
def photo(tmp_path: Path, programs: Binaries) -> Callable[..., Path]:
    """Make an image and let exiftool write tags into it: `photo("a.jpg", "-Make=X", size=(40, 30))`."""

    def make(name: str, *tags: str, size: tuple[int, int] = (40, 30)) -> Path:
        path = tmp_path / name
        Image.new("RGB", size, "teal").save(path)
        if tags:
            command = [str(programs.exiftool), "-q", "-overwrite_original", *tags, str(path)]
            subprocess.run(command, check=True)
        return path

    return make


@pytest.fixture
def clip(tmp_path: Path, programs: Binaries) -> Callable[..., Path]:
    """Make one second of video: `clip("a.mp4", "-metadata", "creation_time=...", sound=True)`."""

    def make(name: str, *options: str, sound: bool = True, codec: str = "libx264") -> Path:
        path = tmp_path / name
        picture = ["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10:duration=1"]
        noise = ["-f", "lavfi", "-i", "sine=duration=1"] if sound else []
        command = [str(programs.ffmpeg), "-v", "error", "-y", *picture, *noise, "-c:v", codec]
        subprocess.run([*command, "-pix_fmt", "yuv420p", "-g", "5", *options, str(path)], check=True)
        return path

    return make
