"""HDR stills brought down to what a JPEG can say: highlights are pressed together, all else stays as bright.

Transfer functions: ITU-R BT.2100 (PQ, HLG); curve: BT.2390, on the largest channel, so that hues stay.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PQ, HLG = 16, 18
"""Transfer characteristics by their H.273 numbers."""

_WHITE = 203.0
"""What a white sheet of paper has in HDR, in cd/m²; the brightest that SDR can say."""

_PQ = (0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875)
_HLG = (0.17883277, 0.28466892, 0.55991073)
_HLG_PEAK = 1000.0
_BT2020 = 9
_LUMINANCE = {1: (0.2126, 0.7152, 0.0722), 9: (0.2627, 0.6780, 0.0593), 12: (0.2290, 0.6917, 0.0793)}
"""Share of red, green and blue in brightness, by the H.273 number of their primaries."""
_CLIPPED_FROM = 99.9
"""Percent of pixels; a few still brighter ones are no reason to darken the rest."""
_ROWS = 128

type _Values = NDArray[np.floating[Any]]


class Hdr(NamedTuple):
    """What the samples of an HDR still mean: the H.273 numbers of transfer function and primaries."""

    transfer: int
    primaries: int

    @classmethod
    def stated(cls, transfer: int, primaries: int) -> Self | None:
        """None for what is no HDR; BT.2020 where the primaries are not stated, or none that are known here."""
        known = primaries if primaries in _LUMINANCE else _BT2020
        return cls(transfer, known) if transfer in {PQ, HLG} else None


def to_sdr(image: Image.Image, hdr: Hdr) -> Image.Image:
    """The RGB or RGBA image with the sRGB tone curve and its own primaries."""
    samples = np.asarray(image)
    light = _hlg(_LUMINANCE[hdr.primaries]) if hdr.transfer == HLG else _pq
    highest = np.percentile(samples[..., :3].max(axis=-1), _CLIPPED_FROM, method="lower")
    brightest = float(light(np.full((1, 3), highest, np.uint8)).max())
    result = samples.copy()
    for strip in _strips(result):
        strip[..., :3] = _srgb_codes(_pressed(light(strip[..., :3]), brightest))
    return Image.fromarray(result)


def _strips(samples: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Views of a few rows each: floats take much more memory than samples."""
    return [samples[at : at + _ROWS] for at in range(0, len(samples), _ROWS)]


def _pq(codes: NDArray[np.uint8]) -> _Values:
    m1, m2, c1, c2, c3 = _PQ
    power = (np.arange(256) / 255) ** (1 / m2)
    table = 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return table.astype(np.float32)[codes]


def _pq_code(light: _Values | float) -> _Values:
    m1, m2, c1, c2, c3 = _PQ
    power = (np.asarray(light, np.float32) / 10_000) ** m1
    return ((c1 + c2 * power) / (1 + c3 * power)) ** m2


def _hlg(luminance: tuple[float, float, float]) -> Callable[[NDArray[np.uint8]], _Values]:
    a, b, c = _HLG
    code = np.arange(256) / 255
    table = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12).astype(np.float32)

    def light(codes: NDArray[np.uint8]) -> _Values:
        scene = table[codes]
        bright = scene @ np.array(luminance, np.float32)
        return _HLG_PEAK * scene * (bright**0.2)[..., None]

    return light


def _pressed(light: _Values, brightest: float) -> _Values:
    """Light up to `brightest` brought below `_WHITE`, as shares of it."""
    if brightest <= _WHITE:
        return light / _WHITE
    top = float(_pq_code(brightest))
    most = float(_pq_code(_WHITE)) / top
    knee = 1.5 * most - 0.5
    largest = np.maximum(light.max(axis=-1), 1e-4)
    code = _pq_code(largest) / top
    t = np.clip((code - knee) / (1 - knee), 0, 1)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * most
    wanted = _from_pq_code(np.where(code > knee, spline, code) * top)
    return light * (wanted / largest / _WHITE)[..., None]


def _from_pq_code(code: _Values) -> _Values:
    m1, m2, c1, c2, c3 = _PQ
    power = code ** (1 / m2)
    return 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)


def _srgb_codes(share: _Values) -> NDArray[np.uint8]:
    share = np.clip(share, 0, 1)
    curved = np.where(share <= 0.0031308, share * 12.92, 1.055 * share ** (1 / 2.4) - 0.055)
    return (curved * 255 + 0.5).astype(np.uint8)
