"""ICC profiles, written from their primaries: small (some 500 bytes), so that they can go into every file.

Layout and tag types: ICC.1:2010 (version 4.3). All RGB profiles here carry the sRGB tone curve and
white D65, adapted to the profile connection space's D50 by the Bradford matrix.
"""

import struct
from collections.abc import Sequence
from functools import cache

import numpy as np

# x, y of red, green, blue by the number that H.273 ("nclx") gives to the set.
_PRIMARIES = {
    9: ("Rec. 2020 primaries", ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
    12: ("Display P3", ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
}
_D65 = (0.3127, 0.3290)
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def display_p3() -> bytes:
    """The profile of Display P3."""
    return _build(12)


def of_primaries(code: int) -> bytes | None:
    """The profile for wide primaries by their H.273 number (9 or 12); None for all others."""
    return _build(code) if code in _PRIMARIES else None


@cache
def _build(code: int) -> bytes:
    name, primaries = _PRIMARIES[code]
    white = _xyz(_D65)
    adaptation = _adaptation(white)
    columns = np.array([_xyz(xy) for xy in primaries]).T
    matrix = adaptation @ (columns * np.linalg.solve(columns, white))
    curve = b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + _fixed(_SRGB_CURVE)
    tags = [
        (b"desc", _text(name)),
        (b"cprt", _text("No copyright")),
        (b"wtpt", b"XYZ \0\0\0\0" + _fixed(_D50)),
        (b"chad", b"sf32\0\0\0\0" + _fixed(adaptation.ravel())),
        *((b"rgb"[at : at + 1] + b"XYZ", b"XYZ \0\0\0\0" + _fixed(matrix[:, at])) for at in range(3)),
        *((b"rgb"[at : at + 1] + b"TRC", curve) for at in range(3)),
    ]
    return _assemble(tags)


def _xyz(xy: tuple[float, float]) -> np.ndarray:
    x, y = xy
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _adaptation(white: np.ndarray) -> np.ndarray:
    gains = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    return np.linalg.solve(_BRADFORD, gains[:, None] * _BRADFORD)


def _fixed(values: Sequence[float] | np.ndarray) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(float(value) * 65536) for value in values))


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded


def _assemble(tags: list[tuple[bytes, bytes]]) -> bytes:
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    placed: dict[bytes, int] = {}
    for signature, data in tags:
        if data not in placed:
            placed[data] = offset + len(body)
            body += data + b"\0" * (-len(data) % 4)
        table += struct.pack(">4sII", signature, placed[data], len(data))
    size = 128 + len(table) + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"\0" * 4, 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + b"\0" * 28
    head += _fixed(_D50)
    return head.ljust(128, b"\0") + table + body
