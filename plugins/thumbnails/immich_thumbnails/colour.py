"""Colour: from the colours that a file states to the ones that are written."""

import io
from typing import Any, Literal

from PIL import Image, ImageCms

from immich_thumbnails import icc
from immich_thumbnails.tone_mapping import Hdr, to_sdr

type Space = Literal["srgb", "p3"]

_PROFILE_SPACE = {"L": "GRAY", "RGB": "RGB ", "RGBA": "RGB ", "CMYK": "CMYK"}


def settle(
    image: Image.Image, profile: bytes | None, space: Space, hdr: Hdr | None = None
) -> tuple[Image.Image, bytes | None]:
    """Bring an image into the colours that are written.

    What is sRGB stays so and is written without a profile; anything wider goes into `space`; HDR is toned down.

    Args:
        image: Mode L, RGB, RGBA, CMYK or LAB, 8 bits a channel.
        profile: The file's ICC profile; one that is broken or of another colour model is passed over.
        space: Target for wide-gamut images.
        hdr: How brightness is coded, where it is not as the profile says.

    Returns:
        The image as RGB or RGBA, and the ICC profile to write with it.
    """
    if hdr is not None and image.mode in {"RGB", "RGBA"}:
        image = to_sdr(image, hdr)
    if image.mode == "LAB":
        return _transform(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), space)
    source = _open(profile, image.mode)
    if source is None or _is_srgb(source):
        return _plain(image), None
    if image.mode == "L":
        return _transform(image, source, "srgb")
    if space == "p3" and image.mode in {"RGB", "RGBA"} and "display p3" in _name(source):
        return image, icc.display_p3()
    return _transform(image, source, space)


def _plain(image: Image.Image) -> Image.Image:
    return image if image.mode in {"RGB", "RGBA"} else image.convert("RGB")


def _transform(image: Image.Image, source: ImageCms.ImageCmsProfile, space: Space) -> tuple[Image.Image, bytes | None]:
    written = icc.display_p3() if space == "p3" else None
    target = ImageCms.ImageCmsProfile(io.BytesIO(written)) if written else ImageCms.createProfile("sRGB")
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        converted = ImageCms.profileToProfile(image, source, target, outputMode=mode)
    except ImageCms.PyCMSError:
        converted = None
    # A profile that the colour engine refuses is no reason to refuse the photo.
    return (_plain(image), None) if converted is None else (converted, written)


def _open(profile: bytes | None, mode: str) -> ImageCms.ImageCmsProfile | None:
    if not profile:
        return None
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (OSError, ImageCms.PyCMSError):
        return None
    wanted = _PROFILE_SPACE.get(mode)
    return opened if _core(opened).xcolor_space == wanted else None


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    return "srgb" in _name(profile)


def _name(profile: ImageCms.ImageCmsProfile) -> str:
    return (_core(profile).profile_description or "").lower()


def _core(profile: ImageCms.ImageCmsProfile) -> Any:
    """The opened profile itself; Pillow's annotation leaves open that there is one."""
    return profile.profile
