"""JPEG 2000 in a process of its own: Pillow decodes it while holding Python's lock, for seconds.

`python -m immich_thumbnails.jpeg2000 REDUCE` reads a file on stdin and writes a line `mode width height`
and then the bare pixels.
"""

import io
import sys
from contextlib import suppress

from PIL import Image

from immich_thumbnails.apart import run_apart

_SECONDS = 300.0
_MOST_HALVINGS = 5


def decode_apart(data: bytes, short_side: int | None) -> Image.Image:
    """Decode in a child process, at the smallest stored resolution that still has `short_side`.

    Raises:
        ValueError: The child could not decode it, or took too long.
    """
    with Image.open(io.BytesIO(data), formats=("JPEG2000",)) as image:
        halvings = _halvings(min(image.size), short_side)
    done = run_apart(__name__, str(halvings), data=data, seconds=_SECONDS)
    head, _, pixels = done.partition(b"\n")
    mode, width, height = head.decode().split()
    return Image.frombytes(mode, (int(width), int(height)), pixels)


def _halvings(short: int, wanted: int | None) -> int:
    if wanted is None:
        return 0
    return min(_MOST_HALVINGS, max(0, (short // wanted).bit_length() - 1))


def _decode(data: bytes, halvings: int) -> Image.Image:
    """With fewer halvings where the file does not store so many resolutions."""
    for fewer in range(halvings, 0, -1):
        with suppress(OSError):
            image = Image.open(io.BytesIO(data), formats=("JPEG2000",))
            image.reduce = fewer  # type: ignore[method-assign,assignment]
            image.load()
            return image
    image = Image.open(io.BytesIO(data), formats=("JPEG2000",))
    image.load()
    return image


def main() -> None:
    """The child's side."""
    Image.MAX_IMAGE_PIXELS = None  # the parent has checked the dimensions
    image = _decode(sys.stdin.buffer.read(), int(sys.argv[1]))
    sys.stdout.buffer.write(f"{image.mode} {image.width} {image.height}\n".encode())
    sys.stdout.buffer.write(image.tobytes())


if __name__ == "__main__":
    main()
