"""Named regions of a file beside the faces that are known of it: which become which. No database here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

SAME_FACE = 0.5
"""Shared part (intersection over union) from which two boxes are one face."""

type Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 as fractions of the upright picture."""


@dataclass(frozen=True, slots=True)
class Region:
    """A named box."""

    name: str
    box: Box

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """From the fact `metadata_faces_read`."""
        return cls(str(given["name"]).strip(), (given["x1"], given["y1"], given["x2"], given["y2"]))


@dataclass(frozen=True, slots=True)
class Known:
    """A face of the asset.

    Args:
        is_settled: A human has said something here, and that counts more than the file.
        name: What the file called it when it was last read; whoever is called otherwise by now was renamed here.
    """

    id: UUID
    box: Box
    source: str
    is_settled: bool
    has_vector: bool
    name: str | None = None

    def is_called(self, name: str) -> bool:
        """Whether the file has called it so before."""
        return self.name is not None and self.name.casefold() == name.casefold()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: faces that get a region's person, regions that become faces, faces that lose theirs.

    A face that was found in the picture and loses its name (`freed`) is as it was found; one that only the file
    spoke of goes (`gone`).
    """

    named: dict[UUID, Region] = field(default_factory=dict[UUID, Region])
    new: list[Region] = field(default_factory=list[Region])
    freed: list[UUID] = field(default_factory=list[UUID])
    gone: list[UUID] = field(default_factory=list[UUID])


def overlap(one: Box, two: Box) -> float:
    """Intersection over union."""
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    both = max(width, 0.0) * max(height, 0.0)
    either = (one[2] - one[0]) * (one[3] - one[1]) + (two[2] - two[0]) * (two[3] - two[1]) - both
    return both / either if either > 0 else 0.0


def plan(regions: Sequence[Region], faces: Sequence[Known]) -> Plan:
    """Match regions and faces, the best overlaps first; each has one partner at most."""
    pairs = sorted(
        (
            (overlap(region.box, face.box), number, face)
            for number, region in enumerate(regions)
            for face in faces
        ),
        key=lambda pair: (-pair[0], pair[1], str(pair[2].id)),
    )  # fmt: skip
    partner: dict[int, Known] = {}
    taken: set[UUID] = set()
    for share, number, face in pairs:
        if share > SAME_FACE and number not in partner and face.id not in taken:
            partner[number] = face
            taken.add(face.id)
    found = Plan()
    for number, region in enumerate(regions):
        face = partner.get(number)
        if face is None:
            found.new.append(region)
        elif not face.is_settled and not face.is_called(region.name):
            found.named[face.id] = region
    for face in faces:
        if face.source == "exif" and face.id not in taken and not face.is_settled:
            (found.freed if face.has_vector else found.gone).append(face.id)
    return found
