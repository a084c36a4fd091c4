"""Tone mapping: a colour cube that takes HDR (PQ or HLG, BT.2020) to what common screens show (BT.709).

A cube, as ffmpeg's own filter for this wants linear light, which only builds with zimg can make.
Sources: SMPTE ST 2084, ITU-R BT.2100, BT.2087; the curves are those of ffmpeg's `tonemap`.
"""

from collections.abc import Callable
from functools import cache
from math import exp

from immich_transcode.settings import ToneMapping

_EDGE = 33
"""Colours along each edge of the cube."""

_WHITE_NITS = 100.0
_PEAK = 100.0
_TO_709 = ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187))


@cache
def cube(transfer: str, curve: ToneMapping) -> str:
    """The cube as text (.cube), for the filter `lut3d` on RGB of this transfer; of a curve, not `disabled`."""
    linear = [_LINEAR[transfer](at / (_EDGE - 1)) for at in range(_EDGE)]
    lines = [f"LUT_3D_SIZE {_EDGE}"]
    for blue in linear:
        for green in linear:
            lines += ["{:.5f} {:.5f} {:.5f}".format(*_mapped(red, green, blue, transfer, curve)) for red in linear]
    return "\n".join([*lines, ""])


def _mapped(red: float, green: float, blue: float, transfer: str, curve: ToneMapping) -> tuple[float, ...]:
    if transfer == "arib-std-b67":
        luma = 0.2627 * red + 0.6780 * green + 0.0593 * blue
        gain = 1000 / _WHITE_NITS * luma**0.2  # a screen of 1000 nits
        red, green, blue = red * gain, green * gain, blue * gain
    light = [max(0.0, row[0] * red + row[1] * green + row[2] * blue) for row in _TO_709]
    brightest = max(*light, 1e-6)
    gain = _CURVES[curve](brightest) / brightest
    return tuple(_gamma(min(1.0, each * gain)) for each in light)


def _pq(code: float) -> float:
    root = code ** (32 / 2523)
    return 10_000 / _WHITE_NITS * (max(root - 0.8359375, 0.0) / (18.8515625 - 18.6875 * root)) ** (8192 / 1305)


def _hlg(code: float) -> float:
    if code <= 0.5:
        return code * code / 3
    return (exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12


def _gamma(light: float) -> float:
    return 4.5 * light if light < 0.018 else 1.099 * light**0.45 - 0.099


def _hable(light: float) -> float:
    def curve(x: float) -> float:
        return (x * (0.15 * x + 0.05) + 0.004) / (x * (0.15 * x + 0.5) + 0.06) - 0.02 / 0.3

    return curve(light) / curve(_PEAK)


def _mobius(light: float) -> float:
    knee = 0.3
    if light <= knee:
        return light
    a = -knee * knee * (_PEAK - 1) / (knee * knee - 2 * knee + _PEAK)
    b = (knee * knee - 2 * knee * _PEAK + _PEAK) / (_PEAK - 1)
    return (b * b + 2 * b * knee + knee * knee) / (b - a) * (light + a) / (light + b)


def _reinhard(light: float) -> float:
    return light / (light + 1) * (_PEAK + 1) / _PEAK


_LINEAR: dict[str, Callable[[float], float]] = {"smpte2084": _pq, "arib-std-b67": _hlg}
_CURVES: dict[str, Callable[[float], float]] = {"hable": _hable, "mobius": _mobius, "reinhard": _reinhard}
