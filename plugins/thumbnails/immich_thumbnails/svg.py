"""SVG drawings, in a process of their own: a drawing can ask for any amount of time and memory.

`python -m immich_thumbnails.svg SHORT_SIDE` reads a drawing on stdin and writes a PNG. The renderer (resvg)
knows no scripts and no network, but reads the files that a drawing names, so these names are taken out.
"""

import math
import re
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from immich_thumbnails.apart import run_apart
from immich_thumbnails.errors import DamagedFileError, TooManyPixelsError

_SECONDS = 30.0
_MEMORY = 2 << 30
_MOST_BYTES = 50_000_000
_MOST_PIXELS = 16_000_000
_LENGTH = re.compile(r"\s*\+?(\d*\.?\d+(?:e[+-]?\d+)?)\s*(?:px|pt|pc|mm|cm|in|em|ex)?\s*", re.IGNORECASE)
_INSIDE = ("#", "data:")


def draw(path: Path, short_side: int) -> bytes:
    """The drawing as a PNG with that short side, whatever size it states: a drawing has no pixels to run out of.

    Raises:
        DamagedFileError: It cannot be drawn, or not within the limits of time and memory.
        TooManyPixelsError: The file is larger than any drawing.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise TooManyPixelsError(f"a drawing of more than {_MOST_BYTES:,} bytes is not drawn")
    try:
        return run_apart(__name__, str(short_side), data=path.read_bytes(), seconds=_SECONDS)
    except ValueError as error:
        raise DamagedFileError(f"the drawing cannot be drawn: {error}") from error


def _without_other_files(root: ET.Element) -> None:
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if name.rpartition("}")[2] == "href" and not value.lstrip().lower().startswith(_INSIDE):
                del element.attrib[name]


def _size(root: ET.Element) -> tuple[float, float]:
    """Width and height as stated, in whatever unit; their ratio is what counts."""
    stated = [_LENGTH.fullmatch(root.get(side, "")) for side in ("width", "height")]
    box = re.split(r"[\s,]+", root.get("viewBox", "").strip())[2:]
    try:
        sides = [float(one[1]) for one in stated if one] if all(stated) else [float(side) for side in box]
        width, height = sides
    except ValueError:
        return 1.0, 1.0
    return (width, height) if width > 0 and height > 0 else (1.0, 1.0)


def _render(data: bytes, short_side: int) -> bytes:
    import resvg_py

    root = ET.fromstring(data)  # noqa: S314 - expat limits entities, and the process is limited
    _without_other_files(root)
    width, height = _size(root)
    ratio = max(width, height) / min(width, height)
    side = max(1, min(short_side, math.floor(math.sqrt(_MOST_PIXELS / ratio))))
    text = ET.tostring(root, encoding="unicode")
    # the other side follows
    return bytes(
        resvg_py.svg_to_bytes(svg_string=text, dpi=96, height=side)
        if width >= height
        else resvg_py.svg_to_bytes(svg_string=text, dpi=96, width=side)
    )


def _limit() -> None:
    """Held by the system, so also where the parent is gone."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (int(_SECONDS), int(_SECONDS) + 1))


def main() -> int:
    """The child's side; returns the exit code."""
    _limit()
    try:
        picture = _render(sys.stdin.buffer.read(), int(sys.argv[1]))
    except (ET.ParseError, ValueError, MemoryError) as error:
        sys.stderr.write(f"{error or 'too little memory'}\n")
        return 1
    sys.stdout.buffer.write(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
