"""Cutting what ffmpeg writes (fragmented MP4, ISO/IEC 14496-12) into the head and the segments."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from fractions import Fraction
from struct import pack_into, unpack_from

_LARGEST = 1 << 28
"""No fragment of two seconds is near it; a box that says so is damage."""


class Damaged(ValueError):
    """What was read is no fragmented MP4."""


async def boxes(stream: asyncio.StreamReader) -> AsyncGenerator[tuple[bytes, bytearray]]:
    """The top-level boxes with their types, to the end of the stream; a last one that is cut short is left out."""
    while True:
        try:
            head = await stream.readexactly(8)
            size, kind = unpack_from(">I4s", head)
            if not 8 <= size <= _LARGEST:
                raise Damaged(f"a box {kind!r} of {size} bytes")
            yield kind, bytearray(head + await stream.readexactly(size - 8))
        except asyncio.IncompleteReadError:
            return


def timescales(moov: bytes | bytearray) -> dict[int, int]:
    """Track -> its ticks a second."""
    found: dict[int, int] = {}
    for start, end in _within(moov, 8, len(moov), b"trak"):
        track, _ = _only(moov, start, end, b"tkhd")
        header, _ = _only(moov, *_only(moov, start, end, b"mdia"), b"mdhd")
        # version, flags, then two dates of 4 or 8 bytes
        number = unpack_from(">I", moov, track + (20 if moov[track] else 12))[0]
        found[number] = unpack_from(">I", moov, header + (20 if moov[header] else 12))[0]
    return found


def move(moof: bytearray, segment: int, start: Fraction, scales: Mapping[int, int]) -> None:
    """Give a fragment of a run its number and its times in the whole video.

    Args:
        moof: Changed in place.
        segment: Its number, from 0.
        start: When the run began, in seconds of the video.
        scales: Ticks a second by track.
    """
    number, _ = _only(moof, 8, len(moof), b"mfhd")
    pack_into(">I", moof, number + 4, segment + 1)
    for inner, end in _within(moof, 8, len(moof), b"traf"):
        track = unpack_from(">I", moof, _only(moof, inner, end, b"tfhd")[0] + 4)[0]
        time, _ = _only(moof, inner, end, b"tfdt")
        kind = ">Q" if moof[time] else ">I"
        pack_into(kind, moof, time + 4, unpack_from(kind, moof, time + 4)[0] + int(start * scales[track]))


def _only(data: bytes | bytearray, start: int, end: int, wanted: bytes) -> tuple[int, int]:
    found = next(_within(data, start, end, wanted), None)
    if found is None:
        raise Damaged(f"no box {wanted!r}")
    return found


def _within(data: bytes | bytearray, start: int, end: int, wanted: bytes) -> Iterator[tuple[int, int]]:
    """Boxes of one type: where what is in them starts and ends."""
    while start + 8 <= end:
        size, kind = unpack_from(">I4s", data, start)
        if size < 8:
            raise Damaged(f"a box {kind!r} of {size} bytes")
        if kind == wanted:
            yield start + 8, start + size
        start += size
