"""Named faces as MWG regions: from boxes as shown to boxes as stored, and which regions come and go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from re import sub
from typing import Any

SAME = 0.001
"""Boxes whose numbers differ by no more are one: programs round."""

OVERLAPS = 0.5
"""Shared part (intersection over union) from which two boxes are one face."""


@dataclass(frozen=True, slots=True)
class Face:
    """A named box; centre, width and height are fractions of the picture as stored."""

    name: str
    x: float
    y: float
    width: float
    height: float

    def is_at(self, other: "Face") -> bool:
        """Whether the boxes are the same but for rounding."""
        mine, theirs = (self.x, self.y, self.width, self.height), (other.x, other.y, other.width, other.height)
        return all(abs(one - two) <= SAME for one, two in zip(mine, theirs, strict=True))

    def overlap(self, other: "Face") -> float:
        """Intersection over union."""
        wide = min(self.x + self.width / 2, other.x + other.width / 2)
        wide -= max(self.x - self.width / 2, other.x - other.width / 2)
        high = min(self.y + self.height / 2, other.y + other.height / 2)
        high -= max(self.y - self.height / 2, other.y - other.height / 2)
        shared = max(wide, 0.0) * max(high, 0.0)
        whole = self.width * self.height + other.width * other.height - shared
        return shared / whole if whole > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Region:
    """A face region of a file, and the very texts by which exiftool finds it again."""

    face: Face
    texts: Mapping[str, str]


def stored_box(named: Mapping[str, Any], orientation: int) -> Face:
    """A handed-in face, as the file stores its picture.

    Raises:
        ValueError: It has no name, or no box inside the picture.
    """
    name = str(named["name"]).replace("\x00", "").strip()
    x1, y1, x2, y2 = (float(named[key]) for key in ("x1", "y1", "x2", "y2"))
    if not name or not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
        raise ValueError(f"no face: {dict(named)}")
    x, y = _as_stored((x1 + x2) / 2, (y1 + y2) / 2, orientation)
    width, height = x2 - x1, y2 - y1
    if orientation >= 5:
        width, height = height, width
    return Face(name, round(x, 6), round(y, 6), round(width, 6), round(height, 6))


def _as_stored(x: float, y: float, orientation: int) -> tuple[float, float]:
    """Where a point of the upright picture lies in the stored one."""
    turned = {
        2: (1 - x, y),
        3: (1 - x, 1 - y),
        4: (x, 1 - y),
        5: (y, x),
        6: (y, 1 - x),
        7: (1 - y, 1 - x),
        8: (1 - y, x),
    }
    return turned.get(orientation, (x, y))


def face_regions(info: Mapping[str, Any]) -> list[Region]:
    """The named faces of a file's RegionInfo (all numbers as texts); what is no face is left out."""
    listed = info.get("RegionList") or []
    found: list[Region] = []
    for each in listed if isinstance(listed, list) else [listed]:
        area, name = each.get("Area") or {}, each.get("Name")
        if each.get("Type") != "Face" or not isinstance(name, str):
            continue
        try:
            face = Face(name, *(float(area[key]) for key in ("X", "Y", "W", "H")))
        except (KeyError, TypeError, ValueError):
            continue
        found.append(Region(face, {"Name": name, **{key: area[key] for key in ("X", "Y", "W", "H")}}))
    return found


def difference(
    regions: Sequence[Region], before: Iterable[Face], wanted: Iterable[Face]
) -> tuple[list[Region], list[Face]]:
    """Regions to take out and faces to put in, so that a file holds `wanted` and what others wrote.

    `before` are the faces written last time: those go when nobody wants them any more. Where a
    stranger's region is the same face as a wanted one, the wanted one takes its place.
    """
    missing = list(dict.fromkeys(wanted))
    mine = list(before)
    out: list[Region] = []
    for region in regions:
        there = next((face for face in missing if face.name == region.face.name and face.is_at(region.face)), None)
        if there is not None:
            missing.remove(there)
        else:
            out.append(region)
    added = tuple(missing)
    return [region for region in out if _goes(region.face, mine, added)], missing


def _goes(face: Face, mine: Iterable[Face], added: Iterable[Face]) -> bool:
    return any(face.name == one.name and face.is_at(one) for one in mine) or any(
        face.overlap(one) > OVERLAPS for one in added
    )


def region_lines(
    out: Iterable[Region], added: Sequence[Face], info: Mapping[str, Any], size: tuple[int, int]
) -> list[str]:
    """Exiftool's lines (values escaped as HTML) for a difference.

    `size` is that of the stored picture; it is said where the file does not say one.
    """
    lines = [
        f"-XMP-mwg-rs:RegionList-={{Name={_escaped(each.texts['Name'])},Type=Face,"
        f"Area={{{','.join(f'{key}={each.texts[key]}' for key in ('X', 'Y', 'W', 'H'))}}}}}"
        for each in out
    ]
    lines += [
        f"-XMP-mwg-rs:RegionList+={{Name={_escaped(face.name)},Type=Face,Area={{X={face.x:.6f},Y={face.y:.6f},"
        f"W={face.width:.6f},H={face.height:.6f},Unit=normalized}}}}"
        for face in added
    ]
    if added and not info.get("AppliedToDimensions"):
        start = "-XMP-mwg-rs:RegionAppliedToDimensions"
        lines += [f"{start}W={size[0]}", f"{start}H={size[1]}", f"{start}Unit=pixel"]
    return lines


def _escaped(name: str) -> str:
    """For a field of a structure, in one line: exiftool takes escapes out of those twice."""
    text = sub(r"([|,{}\[\]])", r"|\1", name)
    text = sub(r"^(\s)", r"|\1", text)
    once = escape(text, quote=False).replace("\r", "&#xd;").replace("\n", "&#xa;")
    return escape(once, quote=False)
