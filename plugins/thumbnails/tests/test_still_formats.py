"""Every still format through the whole way: decode, shrink, colour, encode."""

import io

import numpy as np
import pytest
from PIL import Image

from immich_thumbnails.settings import Fullsize, ImageSettings, Preview, Thumbnail

SAVE = {
    "jpg": {"format": "JPEG", "quality": 92},
    "png": {"format": "PNG"},
    "webp": {"format": "WEBP", "quality": 90},
    "avif": {"format": "AVIF", "quality": 80},
    "heic": {"format": "HEIF", "quality": 80},
    "jxl": {"format": "JXL", "quality": 90},
    "tiff": {"format": "TIFF"},
    "bmp": {"format": "BMP"},
    "jp2": {"format": "JPEG2000"},
    "mpo": {"format": "MPO"},
}


@pytest.mark.parametrize("suffix", SAVE)
def test_each_format_gives_preview_thumbnail_and_hash(suffix, tmp_path, photo, rendered, picture_of, corners):
    path = tmp_path / f"photo.{suffix}"
    photo(2000, 1500).save(path, **SAVE[suffix])
    result = rendered(path)
    preview, large = picture_of(result, "preview")
    thumbnail, small = picture_of(result, "thumbnail")
    assert (large.format, large.size, preview.format) == ("JPEG", (1920, 1440), "jpeg")
    assert (small.format, small.size, thumbnail.format) == ("WEBP", (333, 250), "webp")
    assert corners(large) == corners(small) == "RGWB"
    assert 20 <= len(result.thumbhash) <= 25
    assert not preview.is_transparent
    assert not preview.is_progressive


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("levels", [1, 6])
def test_jpeg_2000_at_a_lower_stored_resolution(mode, levels, tmp_path, photo, rendered, picture_of, corners):
    path = tmp_path / "photo.jp2"
    photo(1200, 900).convert(mode).save(path, num_resolutions=levels)
    settings = ImageSettings(preview=Preview(size=100), thumbnail=Thumbnail(size=50))
    image = picture_of(rendered(path, settings=settings), "preview")[1]
    assert image.size == (133, 100)
    assert mode == "L" or corners(image) == "RGWB"


def test_a_rerun_gives_the_same_bytes(tmp_path, photo, rendered):
    path = tmp_path / "photo.jpg"
    photo(900, 700).save(path)
    assert rendered(path) == rendered(path)


@pytest.mark.parametrize(
    ("size", "preview_size", "thumbnail_size"),
    [
        ((1, 1), (1, 1), (1, 1)),
        ((40, 30), (40, 30), (40, 30)),
        ((301, 203), (301, 203), (301, 203)),
        ((1999, 1501), (1918, 1440), (333, 250)),
        ((3000, 2), (3000, 2), (3000, 2)),
        ((2, 3000), (2, 3000), (2, 3000)),
    ],
)
def test_odd_sizes_are_shrunk_by_the_short_side_and_never_enlarged(
    size, preview_size, thumbnail_size, tmp_path, rendered, picture_of
):
    path = tmp_path / "photo.png"
    Image.new("RGB", size, "teal").save(path)
    result = rendered(path)
    assert picture_of(result, "preview")[1].size == preview_size
    assert picture_of(result, "thumbnail")[1].size == thumbnail_size
    assert len(result.thumbhash) >= 5


def test_a_strip_longer_than_webp_holds_is_shrunk_to_fit(tmp_path, rendered, picture_of):
    path = tmp_path / "strip.png"
    Image.new("RGB", (40_000, 260), "teal").save(path)
    assert picture_of(rendered(path), "thumbnail")[1].size == (16_383, 106)


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path, rendered, picture_of):
    path = tmp_path / "grey.png"
    ramp = np.linspace(0, 65535, 300).astype(np.uint16)
    Image.fromarray(np.tile(ramp, (200, 1))).save(path)
    _, image = picture_of(rendered(path), "preview")
    row = np.asarray(image.convert("L"))[100]
    assert abs(int(row[150]) - 128) < 4
    assert row[-1] > 250
    assert row[0] < 5


def test_sixteen_bit_colour_png(tmp_path, rendered, picture_of, png16):
    path = tmp_path / "deep.png"
    path.write_bytes(png16(64, 48, (65535, 32768, 0)))
    _, image = picture_of(rendered(path), "preview")
    assert np.allclose(image.getpixel((30, 20)), (255, 128, 0), atol=4)


@pytest.mark.parametrize("top", [1.0, 255.0])
def test_float_tiff(top, tmp_path, rendered, picture_of):
    path = tmp_path / "float.tif"
    Image.fromarray(np.tile(np.linspace(0, top, 300, dtype=np.float32), (200, 1))).save(path)
    row = np.asarray(picture_of(rendered(path), "preview")[1].convert("L"))[100]
    assert abs(int(row[150]) - 128) < 4


def test_cmyk_jpeg(tmp_path, rendered, picture_of):
    path = tmp_path / "print.jpg"
    Image.new("CMYK", (400, 300), (0, 255, 255, 0)).save(path, quality=95)
    _, image = picture_of(rendered(path), "preview")
    red, green, blue = image.getpixel((200, 150))
    assert red > 200
    assert green < 60
    assert blue < 60


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_kept_in_webp_and_white_in_jpeg(mode, tmp_path, rendered, picture_of):
    path = tmp_path / "logo.png"
    image = Image.new("RGBA", (600, 400), (0, 0, 0, 0))
    image.paste((20, 20, 20, 255), (200, 100, 400, 300))
    if mode == "P":
        image.convert("P").save(path, transparency=image.convert("P").getpixel((5, 5)))
    else:
        image.convert(mode).save(path)
    result = rendered(path)
    preview, large = picture_of(result, "preview")
    thumbnail, small = picture_of(result, "thumbnail")
    assert large.getpixel((10, 10)) == (255, 255, 255)
    assert not preview.is_transparent
    assert thumbnail.is_transparent
    assert small.convert("RGBA").getpixel((5, 5))[3] == 0
    assert result.thumbhash[2] & 0x80, "the hash says that there is transparency"


def test_an_opaque_alpha_channel_is_no_transparency(tmp_path, photo, rendered, picture_of):
    path = tmp_path / "screen.png"
    photo(500, 400).convert("RGBA").save(path)
    result = rendered(path)
    assert not picture_of(result, "thumbnail")[0].is_transparent
    assert not result.thumbhash[2] & 0x80


def test_animated_webp_gives_its_first_frame(tmp_path, rendered, picture_of):
    path = tmp_path / "moving.webp"
    frames = [Image.new("RGB", (300, 200), colour) for colour in ("red", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    assert picture_of(rendered(path), "preview")[1].getpixel((50, 50))[0] > 200


def test_settings_choose_format_quality_size_and_progression(tmp_path, photo, rendered, picture_of):
    path = tmp_path / "photo.jpg"
    photo(1200, 900).save(path)
    settings = ImageSettings(
        preview=Preview(format="webp", size=600, quality=50),
        thumbnail=Thumbnail(format="jpeg", size=100, progressive=True, quality=60),
    )
    result = rendered(path, settings=settings)
    preview, large = picture_of(result, "preview")
    thumbnail, small = picture_of(result, "thumbnail")
    assert (large.format, large.size) == ("WEBP", (800, 600))
    assert (small.format, small.size) == ("JPEG", (133, 100))
    assert small.info.get("progressive")
    assert thumbnail.is_progressive
    assert not preview.is_progressive
    assert sampling(small) == (2, 2)


def test_progressive_holds_what_compresses_badly(tmp_path, rendered, picture_of):
    path = tmp_path / "noise.png"
    noise = np.random.default_rng(1).integers(0, 256, (400, 600, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    settings = ImageSettings(preview=Preview(progressive=True, quality=100))
    assert picture_of(rendered(path, settings=settings), "preview")[1].size == (600, 400)


def test_chroma_is_full_from_quality_eighty(tmp_path, photo, rendered, picture_of):
    path = tmp_path / "photo.jpg"
    photo(600, 400).save(path)
    assert sampling(picture_of(rendered(path), "preview")[1]) == (1, 1)
    low = ImageSettings(preview=Preview(quality=79))
    assert sampling(picture_of(rendered(path, settings=low), "preview")[1]) == (2, 2)


def sampling(image: Image.Image) -> tuple[int, int]:
    return tuple(image.layer[0][1:3])


def test_fullsize_only_for_what_browsers_cannot_show(tmp_path, photo, rendered, picture_of):
    settings = ImageSettings(fullsize=Fullsize(enabled=True))
    for suffix in ("heic", "tiff", "jpg", "png"):
        path = tmp_path / f"photo.{suffix}"
        photo(2000, 1600).save(path, **SAVE[suffix])
        result = rendered(path, settings=settings)
        if suffix in {"jpg", "png"}:
            assert {one.type for one in result.pictures} == {"preview", "thumbnail"}
        else:
            assert picture_of(result, "fullsize")[1].size == (2000, 1600)
            assert picture_of(result, "preview")[1].size == (1800, 1440)


def test_a_panorama_keeps_what_a_viewer_needs(tmp_path, photo, rendered, picture_of):
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" GPano:FullPanoWidthPixels="1200">'
        b"<GPano:ProjectionType>equirectangular</GPano:ProjectionType><dc:secret>x</dc:secret>"
        b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    path = tmp_path / "sphere.tif"
    photo(1200, 600).save(path, tiffinfo={700: xmp})
    result = rendered(path, is_panorama=True)
    for kind in ("preview", "fullsize"):
        kept = picture_of(result, kind)[1].info["xmp"]
        assert b'GPano:ProjectionType="equirectangular"' in kept
        assert b'GPano:FullPanoWidthPixels="1200"' in kept
        assert b"secret" not in kept
    assert "xmp" not in picture_of(rendered(path), "preview")[1].info


def test_shared_files(shared, rendered, picture_of):
    files = [path for path in sorted((shared / "formats").rglob("*")) if path.is_file()]
    assert files
    for path in files:
        result = rendered(path)
        with Image.open(io.BytesIO(path.read_bytes())) as original:
            short = min(original.size)
        assert min(picture_of(result, "preview")[1].size) == min(short, 1440), path
        assert min(picture_of(result, "thumbnail")[1].size) == min(short, 250), path
