"""ThumbHash: some 25 bytes that a client shows as a blurred picture while the real one loads.

The published algorithm (evanw/thumbhash), as two small matrix products per channel.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

MAX_SIDE = 100

type _Plane = NDArray[np.float64]
type _Channel = tuple[float, list[float], float]


def encode(rgba: NDArray[np.uint8]) -> bytes:
    """Hash an image.

    Args:
        rgba: Shape (height, width, 4), neither side above 100, alpha not premultiplied.

    Raises:
        ValueError: A side is longer than 100.
    """
    height, width = rgba.shape[:2]
    if max(width, height) > MAX_SIDE:
        raise ValueError(f"{width}x{height} is larger than {MAX_SIDE}x{MAX_SIDE}")
    alpha = rgba[..., 3] / 255
    visible = float(_running_sum(alpha))
    has_alpha = visible < width * height
    shares = (alpha / 255)[..., None] * rgba[..., :3]
    average = _running_sum(shares) / (visible or 1.0)
    red, green, blue = np.moveaxis(average * (1 - alpha[..., None]) + shares, 2, 0)

    limit = 5 if has_alpha else 7
    across = max(1, _round(limit * width / max(width, height)))
    down = max(1, _round(limit * height / max(width, height)))
    luminance = _encode_channel((red + green + blue) / 3, max(3, across), max(3, down))
    yellow = _encode_channel((red + green) / 2 - blue, 3, 3)
    redness = _encode_channel(red - green, 3, 3)
    channels = [luminance, yellow, redness]
    head = _header(channels, has_alpha=has_alpha, landscape=width > height, across=across, down=down)
    if has_alpha:
        opacity = _encode_channel(alpha, 5, 5)
        channels.append(opacity)
        head.append(_round(15 * opacity[0]) | _round(15 * opacity[2]) << 4)
    return bytes(head) + _pack([_round(15 * value) for channel in channels for value in channel[1]])


def _header(channels: Sequence[_Channel], *, has_alpha: bool, landscape: bool, across: int, down: int) -> list[int]:
    luminance, yellow, redness = channels
    first = (
        _round(63 * luminance[0])
        | _round(31.5 + 31.5 * yellow[0]) << 6
        | _round(31.5 + 31.5 * redness[0]) << 12
        | _round(31 * luminance[2]) << 18
        | has_alpha << 23
    )
    second = (
        (down if landscape else across) | _round(63 * yellow[2]) << 3 | _round(63 * redness[2]) << 9 | landscape << 15
    )
    return [*first.to_bytes(3, "little"), *second.to_bytes(2, "little")]


def _encode_channel(plane: _Plane, across: int, down: int) -> _Channel:
    """Cosine transform of one plane: (constant part, varying parts scaled to 0..1, their scale)."""
    height, width = plane.shape
    rows, columns = _cosines(down, height), _cosines(across, width)
    factors = rows @ plane @ columns.T / (width * height)
    wanted = _wanted(across, down)
    values = [float(factors[cy, cx]) for cy, cx in wanted]
    constant, varying = values[0], values[1:]
    scale = max((abs(value) for value in varying), default=0.0)
    if 0 < scale < 1e-6:
        # Of a flat plane only rounding noise is left, which the scaling would blow up: sum in the
        # published order, so that even then the bytes are those of the other implementations.
        values = [_sum_in_order(plane, rows[cy], columns[cx]) for cy, cx in wanted]
        constant, varying = values[0], values[1:]
        scale = max((abs(value) for value in varying), default=0.0)
    if scale:
        varying = [0.5 + 0.5 / scale * value for value in varying]
    return constant, varying, scale


def _wanted(across: int, down: int) -> list[tuple[int, int]]:
    """(row, column) of the frequencies kept: the lower left triangle, constant part first."""
    return [(cy, cx) for cy in range(down) for cx in range(across) if cx * down < across * (down - cy)]


@lru_cache(maxsize=64)
def _cosines(count: int, length: int) -> _Plane:
    return np.array([[math.cos(math.pi / length * k * (x + 0.5)) for x in range(length)] for k in range(count)])


def _sum_in_order(plane: _Plane, row: _Plane, column: _Plane) -> float:
    return float(_running_sum(plane * column[None, :] * row[:, None])) / plane.size


def _running_sum(values: _Plane) -> _Plane:
    """Sum over the pixels one after the other; numpy's own sum adds in pairs and rounds differently."""
    return values.reshape(-1, *values.shape[2:]).cumsum(axis=0)[-1]


def _round(value: float) -> int:
    """Halves go up, as in JavaScript; Python's own round() goes to even."""
    return math.floor(value + 0.5)


def _pack(nibbles: list[int]) -> bytes:
    padded = nibbles + [0] * (len(nibbles) % 2)
    return bytes(low | high << 4 for low, high in zip(padded[::2], padded[1::2], strict=True))
