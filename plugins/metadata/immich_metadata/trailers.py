"""Where a video lies inside a picture, found by reading headers alone: Samsung's trailer, and boxes of HEIF."""

import os
from pathlib import Path
from typing import BinaryIO

_TAIL = 1 << 16
"""No directory of Samsung's is longer."""
_VIDEO = 0x0A30
_MOST_BOXES = 1000
_ISO = frozenset({b"ftyp", b"mpvd"})


def find_range(path: Path) -> tuple[int, int] | None:
    """Start and length of the video in a picture; None where neither kind of header says so.

    A few small reads, however large the file is.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        boxes = _boxes(file, size)
        if (video := boxes.get(b"mpvd")) is not None:
            return video
        start, length = boxes.get(b"sefd", (0, size))
        return _in_trailer(file, start + length)


def _boxes(file: BinaryIO, size: int) -> dict[bytes, tuple[int, int]]:
    """The boxes of an ISO file: type -> start and length of what is in the last of that type; {} for other files."""
    found: dict[bytes, tuple[int, int]] = {}
    start = 0
    while start + 8 <= size and len(found) < _MOST_BOXES:
        file.seek(start)
        head = file.read(16)
        kind, length, header = head[4:8], int.from_bytes(head[:4]), 8
        if start == 0 and kind not in _ISO:
            return {}
        if length == 1:
            length, header = int.from_bytes(head[8:16]), 16
        elif length == 0:
            length = size - start
        if length < header or start + length > size:
            return found
        found[kind] = (start + header, length - header)
        start += length
    return found


def _in_trailer(file: BinaryIO, end: int) -> tuple[int, int] | None:
    """The entry `MotionPhoto_Data` of the trailer that ends at `end`.

    A directory (`SEFH`, version, count, entries of 12 bytes, its length, `SEFT`) stands at the end; each entry says how
    far before the directory its block begins, and how long it is.
    """
    if end < 8:
        return None
    file.seek(end - 8)
    foot = file.read(8)
    length = int.from_bytes(foot[:4], "little")
    directory = end - 8 - length
    if foot[4:] != b"SEFT" or not 12 <= length <= _TAIL or directory < 0:
        return None
    file.seek(directory)
    table = file.read(length)
    if table[:4] != b"SEFH":
        return None
    for at in range(12, length - 11, 12):
        if int.from_bytes(table[at + 2 : at + 4], "little") != _VIDEO:
            continue
        start = directory - int.from_bytes(table[at + 4 : at + 8], "little")
        if (video := _in_block(file, start, int.from_bytes(table[at + 8 : at + 12], "little"), directory)) is not None:
            return video
    return None


def _in_block(file: BinaryIO, start: int, length: int, limit: int) -> tuple[int, int] | None:
    """What follows the name of a block; None where it is another one or goes beyond `limit`."""
    if start < 0 or start + length > limit:
        return None
    file.seek(start)
    head = file.read(8)
    named = int.from_bytes(head[4:8], "little")
    if named > 100 or file.read(named) != b"MotionPhoto_Data" or length <= 8 + named:
        return None
    return start + 8 + named, length - 8 - named
