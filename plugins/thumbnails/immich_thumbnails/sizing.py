"""Dimensions: how large a picture becomes. Pure arithmetic on (width, height) in pixels."""

type Size = tuple[int, int]

LONGEST_SIDE = {"jpeg": 65_500, "webp": 16_383}
"""What the format can hold."""


def fit_outside(size: Size, short_side: int, longest: int = 65_500) -> Size:
    """Shrink until the short side is `short_side`; never enlarge; no side above `longest`."""
    return _scaled(size, min(1.0, short_side / min(size), longest / max(size)))


def fit_inside(size: Size, long_side: int) -> Size:
    """Shrink until the long side is `long_side`; never enlarge."""
    return _scaled(size, min(1.0, long_side / max(size)))


def _scaled(size: Size, factor: float) -> Size:
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))
