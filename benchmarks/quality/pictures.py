"""The pictures on which quality is measured: those inside the packages scikit-image and scikit-learn, and test files.

None is downloaded. Those whose source is not there are left out, and every result says how many there were.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import pillow_heif
import pillow_jxl  # noqa: F401 - makes Pillow read JPEG XL
from PIL import Image, ImageOps

PREVIEW = 1440
"""Pixels of the short side of what plugins look at."""

pillow_heif.register_heif_opener()

_SKIMAGE = {
    "astronaut": "astronaut.png",
    "brick": "brick.png",
    "camera": "camera.png",
    "cell": "cell.png",
    "chelsea": "chelsea.png",
    "chessboard": "chessboard_GRAY.png",
    "clock_motion": "clock_motion.png",
    "coffee": "coffee.png",
    "coins": "coins.png",
    "colours": "color.png",
    "formulas": "text.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "horse": "horse.png",
    "hubble": "hubble_deep_field.jpg",
    "logo": "logo.png",
    "moon": "moon.png",
    "motorcycle": "motorcycle_left.png",
    "page": "page.png",
    "phantom": "phantom.png",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
    "tissue": "ihc.png",
}
_SKLEARN = {"china": "china.jpg", "dahlia": "flower.jpg"}
_ASSETS = {
    "alps": "formats/jxl/16bit-HDR-P3-nclx.jxl",
    "anemones": "albums/nature/wood_anemones.jpg",
    "book": "albums/text/book-beside-flowers.jpg",
    "cat_on_armchair": "metadata/gps-position/empty_gps.jpg",
    "citadel": "formats/avif/10bit-HDR-P3-nclx.avif",
    "cyclamen": "albums/nature/cyclamen_persicum.jpg",
    "denali": "formats/webp/denali.webp",
    "dunes": "metadata/rating/mongolels.jpg",
    "falcon": "albums/nature/prairie_falcon.jpg",
    "fir": "albums/nature/silver_fir.jpg",
    "frosty_tree": "metadata/tags/picasa.jpg",
    "handwritten_notes": "albums/text/handwritten-notes.jpg",
    "japanese_shop": "albums/text/japanese-shop.jpg",
    "machine": "formats/heic/IMG_2682.heic",
    "mesa": "metadata/gps-position/thompson-springs.jpg",
    "notocactus": "albums/nature/notocactus_minimus.jpg",
    "orychophragmus": "albums/nature/orychophragmus_violaceus.jpg",
    "plot": "formats/png/density_plot.png",
    "polemonium": "albums/nature/polemonium_reptans.jpg",
    "portrait": "metadata/faces/portrait.jpg",
    "ridge": "albums/nature/tanners_ridge.jpg",
    "torcal": "albums/nature/el_torcal_rocks.jpg",
    "vase": "formats/jxl/8bit-sRGB.jxl",
    "winter_lake": "formats/avif/8bit-sRGB.avif",
}
OTHERS = {
    "motorcycle_right": "motorcycle_right.png",
    "chessboard_rgb": "chessboard_RGB.png",
}
"""Of scikit-image, seconds of pictures above: the same scene from beside it, the same picture stored otherwise."""
ASSET_OTHERS = {
    "portrait_captions": "metadata/faces/portrait-orientation-6.jpg",
    "torcal_again": "formats/jpg/el_torcal_rocks.jpg",
    "torcal_jpeg": "formats/jpeg/el_torcal_rocks.jpeg",
}
"""Of the test files, the same."""

_KNOWN = """
anemones astronaut book brick camera cat_on_armchair chelsea china coffee coins cyclamen dahlia denali dunes falcon fir
grass handwritten_notes horse japanese_shop mesa moon notocactus orychophragmus page plot polemonium portrait ridge
rocket torcal winter_lake
"""
KNOWN_TO_DESIGN = frozenset(_KNOWN.split())
"""Pictures by which the starter models' make was chosen: results on them flatter."""


@dataclass(frozen=True)
class Picture:
    """A picture, by its name."""

    name: str
    path: Path

    @cached_property
    def image(self) -> Image.Image:
        """Upright, RGB, as large as a preview at most."""
        with Image.open(self.path) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
        if min(upright.size) > PREVIEW:
            share = PREVIEW / min(upright.size)
            upright = upright.resize((round(upright.width * share), round(upright.height * share)))
        return upright


def jpeg(image: Image.Image, quality: int = 80) -> bytes:
    """As previews are stored."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _inside(package: str, *folder: str) -> Path | None:
    spec = find_spec(package)
    return Path(spec.origin).parent.joinpath(*folder) if spec and spec.origin else None


def _there(folder: Path | None, files: Mapping[str, str]) -> Iterator[Picture]:
    if folder is not None:
        for name, file in files.items():
            if (folder / file).is_file():
                yield Picture(name, folder / file)


def pictures(assets: Path | None) -> dict[str, Picture]:
    """Name -> picture, all of them different ones.

    Args:
        assets: Folder of Immich's test files; None leaves them out.
    """
    skimage, sklearn = _inside("skimage", "data"), _inside("sklearn", "datasets", "images")
    parts = _there(skimage, _SKIMAGE), _there(sklearn, _SKLEARN), _there(assets, _ASSETS)
    return {picture.name: picture for part in parts for picture in part}


def seconds(assets: Path | None) -> dict[str, Picture]:
    """Name -> picture that shows what another one shows."""
    parts = _there(_inside("skimage", "data"), OTHERS), _there(assets, ASSET_OTHERS)
    return {picture.name: picture for part in parts for picture in part}


def small_faces() -> "Iterator[tuple[Image.Image, bool]]":
    """The 25 x 25 cuttings that come with scikit-image (of Labeled Faces in the Wild), and whether each is a face."""
    import numpy as np

    folder = _inside("skimage", "data")
    if folder is None or not (folder / "lfw_subset.npy").is_file():
        return
    cuttings = np.load(folder / "lfw_subset.npy")
    for number, cutting in enumerate(cuttings):
        grey = Image.fromarray((cutting * 255).round().astype(np.uint8))
        yield grey.convert("RGB"), number < len(cuttings) // 2
