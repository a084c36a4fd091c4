"""All eight orientations, in each container that has its own idea of them."""

import pytest
from PIL import ExifTags, Image, ImageOps

EIGHT = range(1, 9)


def exif(orientation: int) -> Image.Exif:
    block = Image.Exif()
    block[ExifTags.Base.Orientation] = orientation
    return block


def turned_away(image: Image.Image, orientation: int) -> Image.Image:
    """Pixels that become `image` again when `orientation` is applied."""
    inverse = {6: 8, 8: 6}.get(orientation, orientation)
    image = image.copy()
    image.getexif()[ExifTags.Base.Orientation] = inverse
    return ImageOps.exif_transpose(image)


@pytest.mark.parametrize("orientation", EIGHT)
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff"])
def test_exif_is_applied(suffix, orientation, tmp_path, photo, rendered, picture_of, corners):
    path = tmp_path / f"photo.{suffix}"
    turned_away(photo(640, 480), orientation).save(path, exif=exif(orientation))
    result = rendered(path)
    for kind, size in (("preview", (640, 480)), ("thumbnail", (333, 250))):
        image = picture_of(result, kind)[1]
        assert (image.size, corners(image)) == (size, "RGWB")
        assert ExifTags.Base.Orientation not in image.getexif()


@pytest.mark.parametrize("orientation", EIGHT)
def test_avif_container_rotation_is_applied_once(orientation, tmp_path, photo, rendered, picture_of, corners):
    path = tmp_path / "photo.avif"
    turned_away(photo(640, 480), orientation).save(path, exif=exif(orientation), quality=90)
    image = picture_of(rendered(path), "preview")[1]
    assert (image.size, corners(image)) == ((640, 480), "RGWB")


@pytest.mark.parametrize(
    ("box", "value", "orientation"),
    [(b"irot", 1, 8), (b"irot", 2, 3), (b"irot", 3, 6), (b"imir", 1, 2), (b"imir", 0, 4)],
)
def test_heic_container_rotation_rules_over_exif(
    box, value, orientation, tmp_path, photo, rendered, picture_of, corners
):
    path = tmp_path / "photo.heic"
    turned_away(photo(640, 480), orientation).save(path, exif=exif(6), quality=90)
    data = path.read_bytes()
    # The encoder writes no rotation, so the box of the (default) colours is turned into one.
    at = data.index(b"colrnclx")
    path.write_bytes(data[:at] + box + bytes([value]) + data[at + 5 :])
    image = picture_of(rendered(path), "preview")[1]
    assert (image.size, corners(image)) == ((640, 480), "RGWB")


def test_heic_without_container_rotation_stays_as_it_is(tmp_path, photo, rendered, picture_of, corners):
    path = tmp_path / "photo.heic"
    photo(640, 480).save(path, exif=exif(6), quality=90)
    assert corners(picture_of(rendered(path), "preview")[1]) == "RGWB"


def test_jxl_pixels_are_not_turned_by_exif(tmp_path, photo, rendered, picture_of, corners):
    path = tmp_path / "photo.jxl"
    photo(640, 480).save(path, exif=exif(6).tobytes(), quality=90)
    image = picture_of(rendered(path), "preview")[1]
    assert (image.size, corners(image)) == ((640, 480), "RGWB")


@pytest.mark.parametrize("orientation", EIGHT)
def test_a_jpeg_packed_into_jxl_is_turned(orientation, tmp_path, photo, rendered, picture_of, corners):
    plain, path = tmp_path / "photo.jpg", tmp_path / "photo.jxl"
    turned_away(photo(640, 480), orientation).save(plain, exif=exif(orientation), quality=90)
    with Image.open(plain) as image:
        image.save(path, lossless_jpeg=True)
    image = picture_of(rendered(path), "preview")[1]
    assert (image.size, corners(image)) == ((640, 480), "RGWB")


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_costs_nothing(tmp_path, photo, rendered, picture_of, corners):
    path = tmp_path / "photo.jpg"
    photo(640, 480).save(path, exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff\x01\x12garbage")
    assert corners(picture_of(rendered(path), "preview")[1]) == "RGWB"


def test_shared_portrait(shared, rendered, picture_of):
    path = shared / "metadata" / "faces" / "portrait-orientation-6.jpg"
    upright = picture_of(rendered(path.with_name("portrait.jpg")), "preview")[1]
    assert picture_of(rendered(path), "preview")[1].size == upright.size
