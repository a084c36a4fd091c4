"""What took the picture, and how: camera, lens, exposure, colours, dimensions."""

from typing import Any

from immich_metadata.values import Tags, first_text, number, text, texts, whole

_MAKES = ("Make", "AndroidMake", "DeviceManufacturer")
_MODELS = ("Model", "AndroidModel", "DeviceModelName")
_LENSES = ("LensID", "LensType", "LensSpec", "LensModel")
_BIT_DEPTHS = ("BitsPerSample", "ComponentBitDepth", "ImagePixelDepth", "BitDepth", "ColorBitDepth")
_BURSTS = ("BurstID", "BurstUUID", "CameraBurstID", "MediaUniqueID")
_SIDEWAYS = frozenset({5, 6, 7, 8})


def _device(tags: Tags, field: str) -> str | None:
    device = tags.get("Device")
    return text(device.get(field)) if isinstance(device, dict) else None


def make(tags: Tags) -> str | None:
    """The camera's maker."""
    return text(tags.get("Make")) or _device(tags, "Manufacturer") or first_text(tags, _MAKES[1:])


def model(tags: Tags) -> str | None:
    """The camera's model."""
    return text(tags.get("Model")) or _device(tags, "ModelName") or first_text(tags, _MODELS[1:])


def lens(tags: Tags) -> str | None:
    """The lens, by the first tag that names one; placeholders and unknown lenses do not count."""
    for name in _LENSES:
        found = text(tags.get(name))
        if found and found not in {"----", "n/a"} and not found.startswith("Unknown"):
            return found
    return None


def dimensions(tags: Tags) -> tuple[int, int] | tuple[None, None]:
    """(width, height) in pixels as stored, before the orientation is applied; both or none."""
    width, _, height = (text(tags.get("ImageSize")) or "").replace(" ", "x").partition("x")
    found = (whole(width), whole(height))
    if not all(found):
        found = (whole(tags.get("ImageWidth")), whole(tags.get("ImageHeight")))
    if found[0] is None or found[1] is None or min(found[0], found[1]) <= 0:
        return None, None
    return found[0], found[1]


def orientation(tags: Tags) -> int | None:
    """EXIF orientation, 1 to 8."""
    found = whole(tags.get("Orientation"))
    return found if found is not None and 1 <= found <= 8 else None


def is_sideways(orientation: int | None) -> bool:
    """Whether width and height change places when the picture is shown."""
    return orientation in _SIDEWAYS


def bits_per_sample(tags: Tags) -> int | None:
    """Bits of one channel; 24 and more are the bits of three."""
    bits = next((found for name in _BIT_DEPTHS if (found := whole(tags.get(name))) is not None), None)
    if bits is not None and bits >= 24 and bits % 3 == 0:
        bits //= 3
    return bits if bits and bits > 0 else None


def rating(tags: Tags) -> int | None:
    """1 to 5 stars; everything else is no rating."""
    found = whole(tags.get("Rating"))
    return found if found is not None and 1 <= found <= 5 else None


def description(tags: Tags) -> str:
    """The picture's caption, "" where there is none."""
    return first_text(tags, ("ImageDescription", "Description")) or ""


def keywords(tags: Tags) -> list[str]:
    """Tags as paths (`Animals/Birds`), in the file's order, each once."""
    if found := texts(tags.get("TagsList")):
        paths = found
    elif found := texts(tags.get("HierarchicalSubject")):
        paths = ["/".join(part.replace("/", "|") for part in item.split("|")) for item in found]
    else:
        paths = texts(tags.get("Keywords"))
    return list(dict.fromkeys(paths))


def burst(tags: Tags) -> str | None:
    """What the frames of one burst have in common."""
    return first_text(tags, _BURSTS)


def exposure(tags: Tags) -> dict[str, Any]:
    """The columns of `asset_exif` that camera and picture format fill."""
    width, height = dimensions(tags)
    turned = orientation(tags)
    projection = text(tags.get("ProjectionType"))
    return {
        "make": make(tags),
        "model": model(tags),
        "lens_model": lens(tags),
        "f_number": number(tags.get("FNumber")),
        "focal_length": number(tags.get("FocalLength")),
        "iso": whole(tags.get("ISO")),
        "exposure_time": text(tags.get("ExposureTime")),
        "fps": number(tags.get("VideoFrameRate")),
        "exif_image_width": width,
        "exif_image_height": height,
        "orientation": None if turned is None else str(turned),
        "projection_type": projection.upper() if projection else None,
        "profile_description": text(tags.get("ProfileDescription")),
        "colorspace": text(tags.get("ColorSpace")),
        "bits_per_sample": bits_per_sample(tags),
        "auto_stack_id": burst(tags),
        "rating": rating(tags),
        "description": description(tags),
        "tags": keywords(tags) or None,
    }
