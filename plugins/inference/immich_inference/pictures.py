"""Decoding pictures, once for all who want one at about the same time."""

import asyncio
import hashlib
import io
import time
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from immich_inference.errors import BadInput

CACHE_BYTES = 64 << 20
"""Of decoded pictures that nobody uses any more: eight previews."""
CACHE_SECONDS = 10.0
PIXEL_LIMIT = 200_000_000
"""A picture of more is refused before it is decoded."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: RGB, not turned."""

    image: Image.Image

    @property
    def bytes(self) -> int:
        """Of memory."""
        return self.image.width * self.image.height * 3


def decoded_size(source: Path | bytes) -> int:
    """Bytes of memory that an encoded picture will take. Blocking.

    Raises:
        BadInput, FileNotFoundError: As `decode`.
    """
    with _opened(source) as image:
        return image.width * image.height * 3


def decode(source: Path | bytes) -> Picture:
    """Read an encoded picture. Blocking.

    Raises:
        BadInput: It is none, is damaged, is empty or too large.
        FileNotFoundError: There is no such file.
    """
    with _opened(source) as image:
        return Picture(image.convert("RGB"))


@contextmanager
def _opened(source: Path | bytes) -> Iterator[Image.Image]:
    """A picture of which only the head has been read; errors in the block are those of the picture."""
    if source == b"":
        msg = "the picture is empty"
        raise BadInput(msg)
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            if image.width * image.height > PIXEL_LIMIT:
                msg = f"the picture has more than {PIXEL_LIMIT} pixels: {image.width} x {image.height}"
                raise BadInput(msg)
            yield image
    except FileNotFoundError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        msg = f"the picture cannot be read: {error}"
        raise BadInput(msg) from error


class Pictures:
    """Decodes in threads; keeps a few results for a few seconds, for calls that come close together."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._flying: dict[Hashable, asyncio.Future[Picture]] = {}
        self._kept: OrderedDict[Hashable, tuple[Picture, float]] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None
        self.decoded = 0
        """Pictures that were decoded."""

    async def get(self, source: Path | bytes) -> Picture:
        """Decode a file or its content, or give what was decoded of it just now.

        Raises:
            BadInput: As `decode`.
            FileNotFoundError: As `decode`.
        """
        loop = asyncio.get_running_loop()
        key = await loop.run_in_executor(self._executor, _key, source)
        if key in self._kept:
            picture, _ = self._kept[key]
            self._keep(key, picture)
            return picture
        flying = self._flying.get(key)
        if flying is None:
            self.decoded += 1
            flying = self._flying[key] = loop.run_in_executor(self._executor, decode, source)
            flying.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(flying)

    def clear(self) -> None:
        """Let go of everything."""
        self._kept.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _landed(self, key: Hashable, done: "asyncio.Future[Picture]") -> None:
        del self._flying[key]
        if not done.cancelled() and done.exception() is None:
            self._keep(key, done.result())

    def _keep(self, key: Hashable, picture: Picture) -> None:
        self._kept[key] = picture, time.monotonic()
        self._kept.move_to_end(key)
        while sum(each.bytes for each, _ in self._kept.values()) > CACHE_BYTES:
            self._kept.popitem(last=False)
        if self._kept and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(CACHE_SECONDS, self._drop_old)

    def _drop_old(self) -> None:
        self._timer = None
        now = time.monotonic()
        while self._kept:
            _, since = next(iter(self._kept.values()))
            if now - since < CACHE_SECONDS:
                self._timer = asyncio.get_running_loop().call_later(CACHE_SECONDS - (now - since), self._drop_old)
                return
            self._kept.popitem(last=False)


def _key(source: Path | bytes) -> Hashable:
    """What tells one content from another."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).digest()
    there = source.stat()
    return str(source), there.st_ino, there.st_mtime_ns, there.st_size
