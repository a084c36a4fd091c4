"""Stills in HDR: white is white, mid tones stay, highlights keep a tone of their own."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from immich_thumbnails import headers, icc
from immich_thumbnails.tone_mapping import HLG, PQ, Hdr, to_sdr


def pq(light: float) -> int:
    """The PQ code of so many cd/m², by the formula of BT.2100."""
    power = (light / 10_000) ** (2610 / 16384)
    return round(255 * ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** (2523 / 32))


def grey_of(code: int, brightest: int, transfer: int = PQ) -> int:
    image = Image.new("RGB", (20, 20), (code,) * 3)
    image.paste((brightest,) * 3, (0, 0, 20, 10))
    return to_sdr(image, Hdr(transfer, 9)).getpixel((10, 15))[0]


def srgb(share: float) -> float:
    return 255 * (share * 12.92 if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("light", [1, 5, 20, 60])
def test_shadows_and_mid_tones_stay_as_bright(light):
    assert abs(grey_of(pq(light), pq(1000)) - srgb(light / 203)) <= 4


def test_highlights_stay_apart_and_below_white():
    tones = [grey_of(pq(light), pq(1000)) for light in (100, 203, 350, 1000)]
    assert tones[:3] == sorted(set(tones[:3]))
    assert tones[1] > 200
    assert tones[-1] >= 252


def test_a_picture_without_highlights_is_not_touched_by_the_curve():
    assert abs(grey_of(pq(150), pq(200)) - srgb(150 / 203)) <= 3


def test_a_few_glaring_pixels_do_not_darken_the_rest():
    image = Image.new("RGB", (100, 100), (pq(100),) * 3)
    plain = to_sdr(image, Hdr(PQ, 9)).getpixel((50, 50))
    image.putpixel((3, 3), (255, 255, 255))
    assert to_sdr(image, Hdr(PQ, 9)).getpixel((50, 50)) == plain


def test_hlg_white_and_grey():
    """75 % of the signal is a white sheet, 203 cd/m² on a screen of 1000."""
    assert 200 < grey_of(191, 255, HLG) < 245
    assert 90 < grey_of(round(0.38 * 255), 255, HLG) < 135
    assert grey_of(255, 255, HLG) >= 252


def test_hues_stay():
    bright = (pq(600), pq(300), pq(150))
    image = Image.new("RGB", (20, 20), bright)
    linear = [((v / 255 + 0.055) / 1.055) ** 2.4 for v in to_sdr(image, Hdr(PQ, 12)).getpixel((5, 5))]
    assert linear[1] / linear[0] == pytest.approx(0.5, abs=0.04)
    assert linear[2] / linear[0] == pytest.approx(0.25, abs=0.04)


def test_black_and_transparency():
    image = Image.new("RGBA", (9, 9), (0, 0, 0, 77))
    assert to_sdr(image, Hdr(PQ, 9)).getpixel((4, 4)) == (0, 0, 0, 77)


def test_what_states_no_hdr_is_none():
    assert Hdr.stated(13, 9) is None
    assert Hdr.stated(PQ, 2) == Hdr(PQ, 9)
    assert Hdr.stated(HLG, 12) == Hdr(HLG, 12)


def with_cicp(png: bytes, primaries: int, transfer: int) -> bytes:
    body = b"cICP" + bytes([primaries, transfer, 0, 1])
    chunk = struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:33] + chunk + png[33:]


def test_png_that_says_pq(tmp_path, rendered, picture_of):
    path = tmp_path / "screen.png"
    Image.new("RGB", (300, 260), (pq(203),) * 3).save(path)
    path.write_bytes(with_cicp(path.read_bytes(), 9, PQ))
    image = picture_of(rendered(path), "preview")[1]
    assert image.getpixel((100, 100))[0] >= 250
    assert "icc_profile" in image.info
    path.write_bytes(with_cicp(path.read_bytes()[:33] + path.read_bytes()[33 + 16 :], 1, 13))
    assert picture_of(rendered(path), "preview")[1].getpixel((100, 100))[0] == pytest.approx(pq(203), abs=2)


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_heic_that_says_hdr(transfer, tmp_path, rendered, picture_of):
    path = tmp_path / "photo.heic"
    Image.new("RGB", (300, 260), (192,) * 3).save(path, quality=95)
    data = path.read_bytes()
    at = data.index(b"colrnclx") + 8
    path.write_bytes(data[:at] + struct.pack(">HH", 9, transfer) + data[at + 4 :])
    image = picture_of(rendered(path), "preview")[1]
    assert image.getpixel((100, 100))[0] >= 230
    assert image.info["icc_profile"] == icc.display_p3()


def test_shared_hdr_photo_is_as_bright_as_its_sdr_likes(shared, rendered, picture_of):
    path = shared / "formats" / "avif" / "10bit-HDR-P3-nclx.avif"
    assert headers.stated_colours(path.read_bytes()[:65536]) == (12, PQ)
    image = np.asarray(picture_of(rendered(path), "preview")[1])
    flat = np.asarray(Image.open(path).reduce(8))
    assert image.max() >= 250, "the codes of PQ alone reach no white"
    assert image.std() > 1.3 * flat.std()
