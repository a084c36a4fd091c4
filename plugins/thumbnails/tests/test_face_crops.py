"""Crops of faces, as other plugins ask for them."""

import asyncio
import io
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import numpy as np
import pytest
import pytest_asyncio
from PIL import ExifTags, Image, ImageDraw, ImageOps

from immich_host.plugin_api.errors import JobFailed
from immich_thumbnails import icc
from immich_thumbnails.api import FaceBox, write_face_crop
from immich_thumbnails.cropping import crop_face, square
from immich_thumbnails.errors import CannotRenderError
from immich_thumbnails.settings import ImageSettings, Limits

FACE = (1500, 700, 1900, 1200)


@pytest.fixture(scope="session")
def portrait() -> Image.Image:
    """A grey photo with a red face of 400x500 pixels, green around it."""
    image = Image.new("RGB", (2400, 1800), "grey")
    draw = ImageDraw.Draw(image)
    draw.rectangle((1300, 550, 2100, 1350), fill=(0, 200, 0))
    draw.rectangle(FACE, fill=(220, 0, 0))
    return image


@pytest.fixture
def cropped(tools):
    def run(path, box: FaceBox, **settings) -> Image.Image:
        data = crop_face(path, box, 250, tools=tools, settings=ImageSettings(**settings), limits=Limits())
        image = Image.open(io.BytesIO(data))
        assert image.format == "JPEG"
        return image

    return run


def box(image: Image.Image, scale: float = 1.0) -> FaceBox:
    """The face as it was found in a picture of another size."""
    x1, y1, x2, y2 = (side * scale for side in FACE)
    return FaceBox(x1, y1, x2, y2, round(image.width * scale), round(image.height * scale))


@pytest.mark.parametrize("scale", [1.0, 0.8, 0.25])
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "heic"])
def test_a_face_is_in_the_middle_with_a_margin(suffix, scale, tmp_path, portrait, cropped):
    path = tmp_path / f"photo.{suffix}"
    portrait.save(path, quality=92)
    image = cropped(path, box(portrait, scale))
    assert image.size == (250, 250)
    assert image.getpixel((125, 125))[0] > 180
    # 550 pixels of the photo became 250: the face of 400x500 has 34 on its sides and 11 above
    red = np.asarray(image)[..., 0] > 130
    assert abs(red[125].sum() - 182) < 8
    assert abs(red[:, 125].sum() - 227) < 8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_box_counts_in_the_upright_picture(orientation, tmp_path, photo, cropped):
    upright = photo(1200, 900)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    turned = upright.copy()
    turned.getexif()[ExifTags.Base.Orientation] = {6: 8, 8: 6}.get(orientation, orientation)
    path = tmp_path / "photo.jpg"
    ImageOps.exif_transpose(turned).save(path, exif=exif, quality=92)
    image = cropped(path, FaceBox(50, 50, 150, 150, 1200, 900))
    red, green, blue = image.getpixel((image.width // 2, image.height // 2))
    assert (red > 200, green < 60, blue < 60) == (True, True, True), "the top left corner is red"


def test_a_small_face_is_not_enlarged(tmp_path, portrait, cropped):
    path = tmp_path / "photo.png"
    portrait.save(path)
    assert cropped(path, FaceBox(1600, 800, 1640, 840, 2400, 1800)).size == (44, 44)


@pytest.mark.parametrize(
    ("face", "wanted"),
    [
        ((40, 40, 60, 60), (39, 39, 61, 61)),
        ((40, 30, 60, 70), (28, 28, 72, 72)),
        ((0, 40, 20, 60), (0, 40, 20, 60)),
        ((90, 90, 100, 100), (90, 90, 100, 100)),
        ((-20, 40, 30, 60), (0, 45, 10, 55)),
        ((0, 0, 100, 100), (0, 0, 100, 100)),
    ],
)
def test_the_square_stays_inside(face, wanted):
    assert square(FaceBox(*face, 100, 100), (100, 100)) == wanted


@pytest.mark.parametrize("face", [(-50, 10, 10, 20), (120, 10, 140, 20), (50, 50, 50, 50)])
def test_a_face_outside_of_the_picture_is_none(face):
    with pytest.raises(CannotRenderError, match="outside of the picture"):
        square(FaceBox(*face, 100, 100), (100, 100))


def test_wide_colours_stay_wide(tmp_path, portrait, cropped):
    path = tmp_path / "photo.png"
    portrait.save(path, icc_profile=icc.display_p3())
    assert cropped(path, box(portrait)).info["icc_profile"] == icc.display_p3()
    assert "icc_profile" not in cropped(path, box(portrait), colorspace="srgb").info


@pytest_asyncio.fixture(loop_scope="session")
async def running(host):
    return await host(plugins=["thumbnails"])


async def write(running, asset_id, face: FaceBox) -> Path:
    """What a job of another plugin does."""
    context = SimpleNamespace(host=running.kernel, in_thread=asyncio.to_thread)
    return await write_face_crop(context, asset_id, face, uuid4(), await running.user_id())


@pytest.mark.asyncio(loop_scope="session")
async def test_a_crop_is_written_where_persons_have_theirs(running, portrait):
    buffer = io.BytesIO()
    portrait.save(buffer, "JPEG")
    asset_id = await running.upload(buffer.getvalue())
    path = await write(running, asset_id, box(portrait))
    owner = await running.user_id()
    assert path.parent == running.kernel.files.media_root / "thumbs" / str(owner) / path.name[:2] / path.name[2:4]
    with Image.open(path) as image:
        assert image.size == (250, 250)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_face_of_a_video_comes_from_its_preview(running, make_video):
    film = make_video("clip.mp4", "color=red:s=640x480:d=1:r=10", "-c:v", "libx264", "-pix_fmt", "yuv420p")
    asset_id = await running.upload(film.read_bytes(), name="clip.mp4")
    face = FaceBox(200, 100, 400, 300, 640, 480)
    with pytest.raises(JobFailed, match="no preview"):
        await write(running, asset_id, face)
    await running.drain()
    with Image.open(await write(running, asset_id, face)) as image:
        assert image.getpixel((100, 100))[0] > 200


@pytest.mark.asyncio(loop_scope="session")
async def test_what_is_gone_fails_with_the_reason(running, portrait):
    with pytest.raises(JobFailed, match="is gone"):
        await write(running, uuid4(), box(portrait))
    buffer = io.BytesIO()
    portrait.save(buffer, "PNG")
    asset_id = await running.upload(buffer.getvalue(), name="lost.png")
    (await running.kernel.assets.get(asset_id)).path.unlink()
    with pytest.raises(JobFailed, match=r"the file of lost\.png is missing"):
        await write(running, asset_id, box(portrait))
