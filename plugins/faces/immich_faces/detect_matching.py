"""Which faces that were found in a picture are known already. No database here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

SAME_FACE = 0.5
"""Shared part (intersection over union) above which two boxes are one face."""


@dataclass(frozen=True, slots=True)
class Box:
    """Corners in pixels of a picture of width x height."""

    x1: int
    y1: int
    x2: int
    y2: int
    width: int
    height: int

    def overlap(self, other: "Box") -> float:
        """Intersection over union, whatever the sizes of the pictures."""
        mine, theirs = self._fractions(), other._fractions()
        width = min(mine[2], theirs[2]) - max(mine[0], theirs[0])
        height = min(mine[3], theirs[3]) - max(mine[1], theirs[1])
        both = max(width, 0.0) * max(height, 0.0)
        either = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (mine, theirs)) - both
        return both / either if either > 0 else 0.0

    def _fractions(self) -> tuple[float, float, float, float]:
        width, height = max(self.width, 1), max(self.height, 1)
        return self.x1 / width, self.y1 / height, self.x2 / width, self.y2 / height


@dataclass(frozen=True, slots=True)
class Found:
    """A face as the model found it; `vector` is the text of a JSON array."""

    box: Box
    vector: str


@dataclass(frozen=True, slots=True)
class Known:
    """A face of the asset. `is_settled`: it stays, found or not. `is_taken_away`: a human said that it is none."""

    id: UUID
    box: Box
    is_settled: bool
    is_taken_away: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: faces that are new, known ones with what was found of them, and those that go."""

    new: list[Found] = field(default_factory=list[Found])
    again: list[tuple[UUID, str]] = field(default_factory=list[tuple[UUID, str]])
    gone: list[UUID] = field(default_factory=list[UUID])


def matched(found: Sequence[Found], known: Sequence[Known], *, anew: bool) -> Plan:
    """Match what was found with what is known, the best overlaps first; each has one partner at most.

    Args:
        found: Of the model.
        known: Of the database.
        anew: Begin from nothing: what is not settled goes, be it found again or not.
    """
    lasting = [face for face in known if face.is_settled or not anew]
    pairs = sorted(
        (
            (-face.box.overlap(each.box), place, str(face.id), face)
            for place, each in enumerate(found)
            for face in lasting
        ),
        key=lambda pair: pair[:3],
    )
    partners: dict[int, Known] = {}
    taken: set[UUID] = set()
    for share, place, _, face in pairs:
        if -share > SAME_FACE and place not in partners and face.id not in taken:
            partners[place] = face
            taken.add(face.id)
    return Plan(
        new=[each for place, each in enumerate(found) if place not in partners],
        again=[(face.id, found[place].vector) for place, face in partners.items() if not face.is_taken_away],
        gone=[face.id for face in known if not face.is_settled and face.id not in taken],
    )
