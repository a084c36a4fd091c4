"""What the one copy that is kept takes over from those that go to the trash."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Copy:
    """What people may have said about an asset."""

    id: UUID
    is_favorite: bool
    visibility: str
    rating: int | None
    description: str
    latitude: float | None
    longitude: float | None
    tags: Sequence[str]


def taken_over(kept: Copy, others: Sequence[Copy]) -> Mapping[str, Any]:
    """The columns of the kept asset that change; the first of the others counts first.

    It is a favourite where one was, archived where one was, and has the best rating. Descriptions that say something
    else follow its own, tags are put together, and a position is taken over where it has none.
    """
    everyone = [kept, *others]
    wanted: dict[str, Any] = {
        "is_favorite": any(each.is_favorite for each in everyone),
        "visibility": "archive" if any(each.visibility == "archive" for each in everyone) else kept.visibility,
        "rating": max((each.rating for each in everyone if each.rating is not None), default=None),
        "description": _descriptions(everyone),
        "tags": list(dict.fromkeys(tag for each in everyone for tag in each.tags)),
    }
    placed = next((each for each in everyone if each.latitude is not None and each.longitude is not None), kept)
    wanted |= {"latitude": placed.latitude, "longitude": placed.longitude}
    return {name: value for name, value in wanted.items() if value != _plain(getattr(kept, name))}


def _descriptions(everyone: Sequence[Copy]) -> str:
    """All that is said, once, a paragraph each."""
    said: list[str] = []
    for each in everyone:
        text = each.description.strip()
        if text and not any(text in before for before in said):
            said.append(text)
    return "\n\n".join(said) if len(said) > 1 or not everyone[0].description else everyone[0].description


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value
