"""Real pictures that come with a package, copies of them as phones and messengers make them, and hosts."""

import io
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from immich_host.runtime.binaries import media_binaries
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect

PLUGINS = ("thumbnails", "inference", "starter_models", "duplicates")


def _picture(name: str) -> Image.Image:
    import skimage.data

    return Image.open(Path(skimage.data.__file__).parent / name).convert("RGB")


@pytest.fixture(scope="session")
def picture() -> Callable[[str], Image.Image]:
    """One of scikit-image's pictures, by the name of its file."""
    return _picture


def _jpeg(image: Image.Image, quality: int = 92) -> bytes:
    file = io.BytesIO()
    image.save(file, "jpeg", quality=quality)
    return file.getvalue()


@pytest.fixture(scope="session")
def jpeg() -> Callable[..., bytes]:
    """An image as a JPEG file of some quality."""
    return _jpeg


@pytest.fixture(scope="session")
def copy_of() -> Callable[[Image.Image], bytes]:
    """What a messenger makes of a picture: smaller, and compressed again."""
    return lambda image: _jpeg(image.resize((image.width * 3 // 4, image.height * 3 // 4)), 60)


@pytest.fixture
async def running(host: MakeHost) -> RunningHost:
    """A host with all that looking for duplicates takes."""
    return await host(plugins=PLUGINS)


@pytest.fixture
def grouped(running: RunningHost) -> Callable[..., Awaitable[list[set[str]]]]:
    """The groups of a user as the API tells them, as sets of ids."""

    async def read(user: str = "admin") -> list[set[str]]:
        client = await running.client(user)
        found: list[dict[str, Any]] = expect(await client.get("/api/duplicates"), 200)
        return [{asset["id"] for asset in group["assets"]} for group in found]

    return read


@pytest.fixture
def put_together(running: RunningHost) -> Callable[..., Awaitable[str]]:
    """Make a group as a client could, of any assets; returns its id."""

    async def make(*asset_ids: UUID, user: str = "admin") -> str:
        group = str(asset_ids[0])
        body = {"ids": [str(each) for each in asset_ids], "duplicateId": group}
        client = await running.client(user)
        expect(await client.put("/api/assets", json=body), 204)
        return group

    return make


SECONDS, RATE, SIZE = 4, 10, (320, 240)


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Four seconds of looking over a picture, from one part of its width to another; further options of ffmpeg."""
    ffmpeg = media_binaries().ffmpeg

    def make(name: str, image: Image.Image, *options: str, start: float = 0.0, end: float = 1.0) -> Path:
        path = tmp_path_factory.mktemp("video") / name
        command = [str(ffmpeg), "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "{}x{}".format(*SIZE)]
        command += ["-r", str(RATE), "-i", "-", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast"]
        subprocess.run([*command, *options, str(path)], input=b"".join(_look_over(image, start, end)), check=True)
        return path

    return make


def _look_over(image: Image.Image, start: float, end: float) -> Iterator[bytes]:
    frames, free = SECONDS * RATE, image.width * 0.4
    for number in range(frames):
        left = free * (start + (end - start) * number / (frames - 1))
        box = (left, 0, left + image.width * 0.6, image.height * 0.9)
        yield image.resize(SIZE, Image.Resampling.BILINEAR, box=box).tobytes()
