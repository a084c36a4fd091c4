"""Whether two pictures that look alike are the same one: their grey maps are laid over each other.

What a model says of two bills of one company, two pages of a book or two chats is nearly the same. So wherever it
finds pictures alike, their maps are compared: one of them may be the other with up to an eighth of its sides cut
off. Where they fit best, every part of them that shows anything has to fit.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

MAP_SIDE = 64
"""Side of a map in cells; a cell is a grey byte."""

AGREEMENT = 0.75
"""From which agreement on two pictures are taken for one."""

_SCALES = (1.0, 0.985, 0.97, 0.955, 0.94, 0.925, 0.91, 0.895, 0.88)
_SMALLEST = 0.87
_STEPS = ((0.008, 0.5), (0.004, 0.25))
_ROUNDS = 6
_ROUGHLY = 0.45
_BLOCKS = 8
_WEAKEST = 0.05
_FLAT, _SAME_GREY = 4.0, 6.0
_NOISE = 0.15
_BLUR = MAP_SIDE / 16


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a map lies in another: how well it fits (-1..1), the side's share, and cells from the top and left."""

    fit: float
    scale: float
    top: float
    left: float


def agreement(one: bytes, other: bytes) -> float:
    """How well the worst parts of two maps fit, 0 to 1; see `AGREEMENT`."""
    first, second = _picture(one), _picture(other)
    shows = [float(np.square(_sharp(each)).mean()) > _FLAT for each in (first, second)]
    if not any(shows):
        return float(abs(_grey(first) - _grey(second)) <= _SAME_GREY)
    if not all(shows):
        return 0.0
    inside, outside = _best_place(first, second), _best_place(second, first)
    large, small, place = (first, second, inside) if inside >= outside else (second, first, outside)
    if place.fit < _ROUGHLY:
        return 0.0
    wanted = _sharp(small)
    place = _refined(large, wanted, place)
    return max(0.0, _weakest_part(_cut(large, place), wanted))


def _picture(details: bytes) -> Image.Image:
    return Image.frombytes("L", (MAP_SIDE, MAP_SIDE), details)


def _grey(picture: Image.Image) -> float:
    return float(np.asarray(picture, np.float32).mean())


def _sharp(picture: Image.Image) -> np.ndarray:
    """What differs from the surroundings: light and exposure do not count."""
    blurred = picture.filter(ImageFilter.GaussianBlur(_BLUR))
    return np.asarray(picture, np.float32) - np.asarray(blurred, np.float32)


def _best_place(large: Image.Image, small: Image.Image) -> Place:
    """Where `small`, at one of a few sizes, correlates best with a part of `large`."""
    field = _sharp(large)
    sums, squares = _summed(field), _summed(field * field)
    spectrum = np.fft.rfft2(field, (2 * MAP_SIDE, 2 * MAP_SIDE))
    best = Place(-1.0, 1.0, 0.0, 0.0)
    for scale in _SCALES:
        side = round(MAP_SIDE * scale)
        pattern = _sharp(small.resize((side, side), Image.Resampling.BICUBIC))
        pattern -= pattern.mean()
        product = spectrum * np.conj(np.fft.rfft2(pattern, (2 * MAP_SIDE, 2 * MAP_SIDE)))
        free = MAP_SIDE - side + 1
        covered = np.fft.irfft2(product, (2 * MAP_SIDE, 2 * MAP_SIDE))[:free, :free]
        total, energy = _windows(sums, side), _windows(squares, side)
        spread = np.sqrt(np.maximum(energy - total * total / side**2, 0) * np.square(pattern).sum())
        fits = covered / (spread + 1e-3 * side**2)
        top, left = np.unravel_index(int(fits.argmax()), fits.shape)
        best = max(best, Place(float(fits[top, left]), scale, float(top), float(left)))
    return best


def _summed(field: np.ndarray) -> np.ndarray:
    return np.pad(field.cumsum(0, dtype=np.float64).cumsum(1), ((1, 0), (1, 0)))


def _windows(summed: np.ndarray, side: int) -> np.ndarray:
    """Sums over all squares of a side."""
    return summed[side:, side:] - summed[:-side, side:] - summed[side:, :-side] + summed[:-side, :-side]


def _cut(large: Image.Image, place: Place) -> np.ndarray:
    """That part of a map, as large as a whole one."""
    side = MAP_SIDE * place.scale
    left, top = (min(max(each, 0.0), MAP_SIDE - side) for each in (place.left, place.top))
    box = (left, top, min(MAP_SIDE, left + side), min(MAP_SIDE, top + side))
    return _sharp(large.resize((MAP_SIDE, MAP_SIDE), Image.Resampling.BICUBIC, box=box))


def _refined(large: Image.Image, wanted: np.ndarray, place: Place) -> Place:
    """The place to parts of a cell: each of its numbers is moved a little as long as it fits better."""
    best = _fitted(large, wanted, place)
    for scale_step, step in _STEPS:
        for _ in range(_ROUNDS):
            before = best.fit
            for scale, top, left in _neighbours(best, scale_step, step):
                if _SMALLEST <= scale <= 1:
                    best = max(best, _fitted(large, wanted, Place(0.0, scale, top, left)))
            if best.fit <= before + 1e-4:
                break
    return best


def _neighbours(place: Place, scale_step: float, step: float) -> list[tuple[float, float, float]]:
    around: list[tuple[float, float, float]] = []
    for sign in (-1, 1):
        inwards = -sign * scale_step * MAP_SIDE / 2  # its middle stays where it is
        around.append((place.scale + sign * scale_step, place.top + inwards, place.left + inwards))
        around.append((place.scale, place.top + sign * step, place.left))
        around.append((place.scale, place.top, place.left + sign * step))
    return around


def _fitted(large: Image.Image, wanted: np.ndarray, place: Place) -> Place:
    part = _cut(large, place)
    one, other = part - part.mean(), wanted - wanted.mean()
    spread = float(np.sqrt(np.square(one).sum() * np.square(other).sum()))
    return Place(float((one * other).sum()) / (spread + 1e-3 * one.size), place.scale, place.top, place.left)


def _weakest_part(one: np.ndarray, other: np.ndarray) -> float:
    """How the parts correlate that show anything: the value that one in twenty of them is below."""
    first, second = _parts(one), _parts(other)
    strength = np.maximum(np.square(first).mean(1), np.square(second).mean(1))
    counts = strength > max(_FLAT, 0.1 * float(np.median(strength)))
    if not counts.any():
        return 1.0
    spread = np.sqrt(np.square(first).sum(1) * np.square(second).sum(1))
    fits = (first * second).sum(1) / (spread + _NOISE * first.shape[1])
    return float(np.quantile(fits[counts], _WEAKEST))


def _parts(field: np.ndarray) -> np.ndarray:
    """The field in blocks, a row each, without their means."""
    side = MAP_SIDE // _BLOCKS
    blocks = field.reshape(_BLOCKS, side, _BLOCKS, side).transpose(0, 2, 1, 3).reshape(_BLOCKS**2, -1)
    return blocks - blocks.mean(1, keepdims=True)
