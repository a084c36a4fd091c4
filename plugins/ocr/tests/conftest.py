"""Pictures of text, printed on the spot, and photos with text where they are."""

import io
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image, ImageDraw, ImageFont

from immich_host.testing import RunningHost
from immich_host.testing.fixtures import running_host
from immich_host.testing.servers import Servers

SHARED = Path(__file__).resolve().parents[4] / "shared" / "assets" / "albums" / "text"

type Print = Callable[..., Image.Image]


@pytest.fixture(scope="session")
def printed() -> Print:
    """A picture of lines of text."""

    def make(
        lines: Sequence[str], *, size: int = 40, picture: tuple[int, int] = (900, 600), degrees: int = 0
    ) -> Image.Image:
        image = Image.new("RGB", picture, (244, 240, 232))
        draw, font = ImageDraw.Draw(image), ImageFont.load_default(size)
        for row, line in enumerate(lines):
            draw.text((40, 30 + row * size * 1.9), line, font=font, fill=(25, 25, 30))
        return image.rotate(degrees, expand=True, resample=Image.Resampling.BICUBIC, fillcolor=(244, 240, 232))

    return make


@pytest.fixture(scope="session")
def jpeg() -> Callable[[Image.Image], bytes]:
    def encode(image: Image.Image) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=90)
        return buffer.getvalue()

    return encode


@pytest.fixture(scope="session")
def text_album() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the shared test files are not on this machine")
    return SHARED


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reader(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHost]:
    """One host for all tests of a module that only read pictures, so that models are loaded once."""
    async with running_host(servers, tmp_path_factory.mktemp("reader"), ["inference", "ocr"]) as running:
        yield running
