"""Writing two EXIF tags into a finished JPEG, without encoding it again."""

import struct

_SRGB, _UNCALIBRATED = 1, 0xFFFF
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})


def stamped(jpeg: bytes, orientation: int, *, is_srgb: bool = True) -> bytes:
    """The JPEG with an EXIF block of orientation and colour space in place of its own.

    Raises:
        ValueError: The bytes are no JPEG.
    """
    if not jpeg.startswith(b"\xff\xd8"):
        raise ValueError("no JPEG")
    return jpeg[:2] + _segment(orientation, is_srgb=is_srgb) + _without_exif(jpeg[2:])


def _segment(orientation: int, *, is_srgb: bool) -> bytes:
    # TIFF header, directory 0 (orientation, pointer to the EXIF directory), EXIF directory (colour space).
    tiff = b"MM\x00*" + struct.pack(">I", 8)
    tiff += struct.pack(">HHHIHxxHHIII", 2, 0x0112, 3, 1, orientation, 0x8769, 4, 1, 38, 0)
    tiff += struct.pack(">HHHIHxxI", 1, 0xA001, 3, 1, _SRGB if is_srgb else _UNCALIBRATED, 0)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _without_exif(rest: bytes) -> bytes:
    kept, at = [], 0
    while at + 4 <= len(rest) and rest[at] == 0xFF:
        marker = rest[at + 1]
        if marker == 0xDA or marker in _STANDALONE:
            break
        end = at + 2 + int.from_bytes(rest[at + 2 : at + 4])
        if not (marker == 0xE1 and rest[at + 4 : at + 10] == b"Exif\0\0"):
            kept.append(rest[at:end])
        at = end
    return b"".join(kept) + rest[at:]
