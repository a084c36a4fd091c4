"""Named faces that programs have marked in a picture: MWG regions, as boxes of the upright picture."""

from collections.abc import Mapping
from typing import Any

from immich_metadata.values import Tags, number, text

_NO_PEOPLE = frozenset({"Focus", "BarCode"})
"""Kinds of regions that are nobody, whatever their name."""

type Box = tuple[float, float, float, float]
"""Left, top, right and bottom, as fractions of the picture."""


def named_faces(tags: Tags, orientation: int | None, size: tuple[int, int] | tuple[None, None]) -> list[dict[str, Any]]:
    """The named regions of a picture, in the file's order: name and corners x1, y1, x2, y2 from 0 to 1.

    Regions are centres and sizes in the picture as stored, and are turned by its orientation; but in the upright
    picture where the dimensions that they were made for say so. `size` is (width, height) as stored.
    """
    info = tags.get("RegionInfo")
    if not isinstance(info, dict):
        return []
    made_for = _dimensions(info.get("AppliedToDimensions"))
    turn = 1 if _made_upright(made_for, orientation, size) else orientation or 1
    listed = info.get("RegionList")
    regions = [each for each in (listed if isinstance(listed, list) else [listed]) if isinstance(each, dict)]
    found: list[dict[str, Any]] = []
    for region in regions:
        name, box = text(region.get("Name")), _box(region.get("Area"), made_for)
        if name is not None and box is not None and region.get("Type") not in _NO_PEOPLE:
            corners = zip(("x1", "y1", "x2", "y2"), _turned(box, turn), strict=True)
            found.append({"name": name, **{key: round(value, 6) for key, value in corners}})
    return found


def _dimensions(value: object) -> tuple[float, float] | None:
    if not isinstance(value, dict):
        return None
    width, height = number(value.get("W")), number(value.get("H"))
    return (width, height) if width and height and width > 0 and height > 0 else None


def _made_upright(
    made_for: tuple[float, float] | None, orientation: int | None, size: tuple[int, int] | tuple[None, None]
) -> bool:
    """Whether a picture that lies on its side was upright for the program that marked it: their shapes tell."""
    if made_for is None or size[0] is None or size[1] is None or (orientation or 1) < 5:
        return False
    return (made_for[0] - made_for[1]) * (size[0] - size[1]) < 0


def _box(area: Any, made_for: tuple[float, float] | None) -> Box | None:
    """A region's area, cut to the picture; None where nothing is left, or it is no rectangle."""
    if not isinstance(area, Mapping):
        return None
    numbers = [number(area.get(key)) for key in ("X", "Y", "W", "H")]
    x, y, width, height = (0.0 if value is None else value for value in numbers)
    if None in numbers or width <= 0 or height <= 0:
        return None
    if area.get("Unit") == "pixel":
        if made_for is None:
            return None
        x, width, y, height = x / made_for[0], width / made_for[0], y / made_for[1], height / made_for[1]
    left, top = max(0.0, x - width / 2), max(0.0, y - height / 2)
    right, bottom = min(1.0, x + width / 2), min(1.0, y + height / 2)
    return (left, top, right, bottom) if left < right and top < bottom else None


def _turned(box: Box, orientation: int) -> Box:
    """A box of the stored picture in the upright one."""
    left, top, right, bottom = box
    if orientation >= 5:  # mirrored over the main diagonal; what is left is one of the first four
        left, top, right, bottom = top, left, bottom, right
    if orientation in {2, 3, 6, 7}:
        left, right = 1 - right, 1 - left
    if orientation in {3, 4, 7, 8}:
        top, bottom = 1 - bottom, 1 - top
    return left, top, right, bottom
