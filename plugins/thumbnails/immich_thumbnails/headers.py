"""What two containers say in their headers and their decoders do not pass on."""

import struct
from collections.abc import Iterator

_RATIOS = ((1, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIZE_BITS = (9, 13, 18, 30)


def jxl_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a JPEG XL file, read before anything is decoded; None if not found.

    The decoder in use decodes while it opens, too late to refuse a file for its dimensions.
    Layout: ISO/IEC 18181-1, SizeHeader.
    """
    stream = next(_jxl_codestreams(data), b"")
    if not stream.startswith(b"\xff\x0a"):
        return None
    bits = _Bits(stream[2:16])
    small = bits.take(1)
    height = (bits.take(5) + 1) * 8 if small else bits.take(_SIZE_BITS[bits.take(2)]) + 1
    ratio = bits.take(3)
    if ratio:
        times, over = _RATIOS[ratio]
        return height * times // over, height
    width = (bits.take(5) + 1) * 8 if small else bits.take(_SIZE_BITS[bits.take(2)]) + 1
    return width, height


def _jxl_codestreams(data: bytes) -> Iterator[bytes]:
    if data.startswith(b"\xff\x0a"):
        yield data
        return
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = at + 8
        if length == 1 and at + 16 <= len(data):
            (length,) = struct.unpack_from(">Q", data, body)
            body = at + 16
        if kind == b"jxlc":
            yield data[body : body + 64]
        elif kind == b"jxlp":
            yield data[body + 4 : body + 68]
        if length < 8:
            return
        at += length


class _Bits:
    """Reads a byte string from the lowest bit of its first byte."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")

    def take(self, count: int) -> int:
        taken = self._value & ((1 << count) - 1)
        self._value >>= count
        return taken


def stated_colours(head: bytes) -> tuple[int, int] | None:
    """The H.273 numbers of primaries and transfer that the start of an AVIF or PNG states; None without them."""
    at = head.find(b"colrnclx")
    if 0 <= at <= len(head) - 12:
        primaries, transfer = struct.unpack_from(">HH", head, at + 8)
        return primaries, transfer
    at = head.find(b"cICP")
    return (head[at + 4], head[at + 5]) if 0 <= at <= len(head) - 6 else None
