"""Byte for byte against a slow, literal writing-out of the published algorithm."""

import math

import numpy as np
import pytest

from immich_thumbnails import thumbhash


def reference(width: int, height: int, rgba: bytes) -> bytes:
    def rnd(value):
        return math.floor(value + 0.5)

    pixels = [tuple(rgba[i : i + 4]) for i in range(0, len(rgba), 4)]
    sums = [0.0, 0.0, 0.0, 0.0]
    for r, g, b, a in pixels:
        alpha = a / 255
        for at, value in enumerate((r, g, b)):
            sums[at] += alpha / 255 * value
        sums[3] += alpha
    if sums[3]:
        sums[:3] = [value / sums[3] for value in sums[:3]]
    has_alpha = sums[3] < width * height
    limit = 5 if has_alpha else 7
    lx = max(1, rnd(limit * width / max(width, height)))
    ly = max(1, rnd(limit * height / max(width, height)))
    planes = [[], [], [], []]
    for r, g, b, a in pixels:
        alpha = a / 255
        r, g, b = (avg * (1 - alpha) + alpha / 255 * value for avg, value in zip(sums[:3], (r, g, b), strict=True))
        for plane, value in zip(planes, ((r + g + b) / 3, (r + g) / 2 - b, r - g, alpha), strict=True):
            plane.append(value)

    def channel(plane, nx, ny):
        dc, ac, scale = 0.0, [], 0.0
        for cy in range(ny):
            cx = 0
            while cx * ny < nx * (ny - cy):
                f = 0.0
                fx = [math.cos(math.pi / width * cx * (x + 0.5)) for x in range(width)]
                for y in range(height):
                    fy = math.cos(math.pi / height * cy * (y + 0.5))
                    for x in range(width):
                        f += plane[x + y * width] * fx[x] * fy
                f /= width * height
                if cx or cy:
                    ac.append(f)
                    scale = max(scale, abs(f))
                else:
                    dc = f
                cx += 1
        return dc, [0.5 + 0.5 / scale * f for f in ac] if scale else ac, scale

    lum = channel(planes[0], max(3, lx), max(3, ly))
    p, q = channel(planes[1], 3, 3), channel(planes[2], 3, 3)
    landscape = width > height
    head = rnd(63 * lum[0]) | rnd(31.5 + 31.5 * p[0]) << 6 | rnd(31.5 + 31.5 * q[0]) << 12
    head |= rnd(31 * lum[2]) << 18 | has_alpha << 23
    tail = (ly if landscape else lx) | rnd(63 * p[2]) << 3 | rnd(63 * q[2]) << 9 | landscape << 15
    out = [head & 255, head >> 8 & 255, head >> 16, tail & 255, tail >> 8]
    channels = [lum, p, q]
    if has_alpha:
        a = channel(planes[3], 5, 5)
        out.append(rnd(15 * a[0]) | rnd(15 * a[2]) << 4)
        channels.append(a)
    start, count = len(out), 0
    for _, ac, _ in channels:
        for f in ac:
            if start + (count >> 1) >= len(out):
                out.append(0)
            out[start + (count >> 1)] |= rnd(15 * f) << ((count & 1) << 2)
            count += 1
    return bytes(out)


def noise(width: int, height: int, *, alpha: bool, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    planes = [np.sin(rng.uniform(1, 9) * x + rng.uniform(1, 9) * y + rng.uniform(0, 6)) for _ in range(4)]
    pixels = ((np.stack(planes, axis=-1) * 0.5 + 0.5) * 255).astype(np.uint8)
    pixels = np.clip(pixels + rng.integers(-9, 9, pixels.shape), 0, 255).astype(np.uint8)
    if not alpha:
        pixels[..., 3] = 255
    return pixels


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("size", [(100, 75), (75, 100), (40, 40), (100, 3), (2, 90), (28, 20), (1, 1), (20, 10)])
def test_same_bytes_as_the_published_algorithm(size, alpha):
    for seed in range(3):
        pixels = noise(*size, alpha=alpha, seed=seed)
        assert thumbhash.encode(pixels) == reference(*size, pixels.tobytes())


@pytest.mark.parametrize("colour", [(255, 255, 255, 255), (0, 0, 0, 255), (200, 30, 90, 255), (0, 0, 0, 0)])
def test_flat_pictures_agree_too(colour):
    pixels = np.full((32, 50, 4), colour, np.uint8)
    assert thumbhash.encode(pixels) == reference(50, 32, pixels.tobytes())


def test_larger_than_a_hundred_is_refused():
    with pytest.raises(ValueError, match="101x10"):
        thumbhash.encode(np.zeros((10, 101, 4), np.uint8))
