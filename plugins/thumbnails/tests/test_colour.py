"""Wide gamut stays wide, sRGB stays plain, and a bad profile never costs a photo."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from immich_thumbnails import colour, icc
from immich_thumbnails.settings import ImageSettings


def description(profile: bytes) -> str:
    return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip()


def test_the_p3_profile_is_one_that_the_colour_engine_takes():
    profile = icc.display_p3()
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
    assert description(profile) == "Display P3"
    assert len(profile) < 600
    assert np.allclose(opened.red_colorant[0], (0.5151, 0.2412, -0.0011), atol=2e-3)
    assert np.allclose(opened.media_white_point[0], (0.9642, 1.0, 0.8249), atol=1e-3)


def test_p3_to_srgb_is_right():
    image = Image.new("RGB", (8, 8), (128, 128, 128))
    grey, profile = colour.settle(image, icc.of_primaries(9), "srgb")
    assert profile is None
    assert np.allclose(grey.getpixel((4, 4)), (128, 128, 128), atol=1)
    red, _ = colour.settle(Image.new("RGB", (8, 8), (234, 51, 35)), icc.display_p3(), "srgb")
    assert np.allclose(red.getpixel((4, 4)), (255, 0, 0), atol=12), "P3 (234, 51, 35) is sRGB's red"


def test_display_p3_is_kept_as_it_is(tmp_path, photo, rendered, picture_of):
    path = tmp_path / "phone.png"
    image = photo(300, 260)
    image.save(path, icc_profile=icc.display_p3())
    for kind in ("preview", "thumbnail"):
        written = picture_of(rendered(path), kind)[1]
        assert description(written.info["icc_profile"]) == "Display P3"
    preview = picture_of(rendered(path), "preview")[1]
    assert np.abs(np.asarray(preview, int) - np.asarray(image, int)).mean() < 3


def test_wide_gamut_becomes_p3_or_srgb_as_set(tmp_path, photo, rendered, picture_of):
    path = tmp_path / "wide.jpg"
    photo(300, 260).save(path, icc_profile=icc.of_primaries(9))
    assert description(picture_of(rendered(path), "preview")[1].info["icc_profile"]) == "Display P3"
    plain = rendered(path, settings=ImageSettings(colorspace="srgb"))
    assert "icc_profile" not in picture_of(plain, "preview")[1].info


def test_pictures_tell_nothing_of_what_the_original_tells(tmp_path, photo, rendered, picture_of):
    path, secret = tmp_path / "told.jpg", b"the house in Example Street"
    exif = Image.Exif()
    exif[0x010E] = secret.decode()
    photo(300, 260).save(path, comment=secret, exif=exif, xmp=b"<x:xmpmeta>" + secret + b"</x:xmpmeta>")
    assert path.read_bytes().count(secret) == 3
    for kept in ("jpeg", "webp"):
        how = {"format": kept}
        pictures = rendered(path, settings=ImageSettings(preview=how, thumbnail=how))
        for kind in ("preview", "thumbnail"):
            assert secret not in picture_of(pictures, kind)[0].data


def test_srgb_needs_no_profile(tmp_path, photo, rendered, picture_of):
    path = tmp_path / "plain.jpg"
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo(300, 260).save(path, icc_profile=srgb)
    assert "icc_profile" not in picture_of(rendered(path), "preview")[1].info


@pytest.mark.parametrize("profile", [b"not a profile", b"", icc.display_p3()[:200]])
def test_a_bad_profile_is_passed_over(profile, photo):
    image = photo(20, 20)
    settled, written = colour.settle(image, profile, "p3")
    assert (settled, written) == (image, None)


def test_a_profile_of_another_colour_model_is_passed_over():
    settled, written = colour.settle(Image.new("L", (9, 9), 77), icc.display_p3(), "p3")
    assert (settled.mode, settled.getpixel((3, 3)), written) == ("RGB", (77, 77, 77), None)


def test_lab_and_alpha_are_converted():
    lab, _ = colour.settle(Image.new("LAB", (4, 4), (255, 128, 128)), None, "srgb")
    assert min(lab.getpixel((1, 1))) > 250
    see_through = Image.new("RGBA", (4, 4), (10, 200, 30, 99))
    converted, _ = colour.settle(see_through, icc.of_primaries(9), "p3")
    assert converted.mode == "RGBA"
    assert converted.getpixel((1, 1))[3] == 99


def test_wide_heif_without_profile_states_its_primaries(shared, rendered, picture_of):
    result = rendered(shared / "formats" / "avif" / "10bit-HDR-P3-nclx.avif")
    assert description(picture_of(result, "preview")[1].info["icc_profile"]) == "Display P3"
