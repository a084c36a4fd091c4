"""Which assets make a group: all that are linked, directly or by others."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4


@dataclass(frozen=True, slots=True)
class Member:
    """An asset that is, or may be, in a group.

    Args:
        id: The asset.
        duplicate_id: Its group now.
        grouped_as: The group that this plugin put it into; another `duplicate_id` is somebody else's doing.
        is_candidate: Whether it may be in one: not trashed, stacked, hidden or locked.
    """

    id: UUID
    duplicate_id: UUID | None
    grouped_as: UUID | None
    is_candidate: bool


def regrouped(members: Sequence[Member], links: Iterable[tuple[UUID, UUID]]) -> dict[UUID, UUID | None]:
    """The group of each member, None for those without one.

    A group keeps its id; where it falls apart, the largest part does. Groups that others made hold together.
    """
    candidates = {member.id: member for member in members if member.is_candidate}
    groups: dict[UUID, UUID | None] = {member.id: None for member in members}
    taken: set[UUID] = set()
    parts = _connected(candidates, [*links, *_made_by_others(candidates.values())])
    for part in sorted(parts, key=lambda part: (-len(part), min(part))):
        if len(part) > 1:
            kept = _id_of([candidates[each] for each in part], taken)
            taken.add(kept)
            groups |= dict.fromkeys(part, kept)
    return groups


def _made_by_others(members: Iterable[Member]) -> list[tuple[UUID, UUID]]:
    """Links between members of groups that somebody else has put one of them into."""
    by_group: dict[UUID, list[Member]] = {}
    for member in members:
        if member.duplicate_id is not None:
            by_group.setdefault(member.duplicate_id, []).append(member)
    return [
        (together[0].id, member.id)
        for group, together in by_group.items()
        if any(member.grouped_as != group for member in together)
        for member in together[1:]
    ]


def _connected(ids: Iterable[UUID], links: Iterable[tuple[UUID, UUID]]) -> list[list[UUID]]:
    above = {each: each for each in ids}

    def top(each: UUID) -> UUID:
        while above[each] != each:
            above[each] = above[above[each]]
            each = above[each]
        return each

    for one, other in links:
        if one in above and other in above:
            above[top(one)] = top(other)
    parts: dict[UUID, list[UUID]] = {}
    for each in above:
        parts.setdefault(top(each), []).append(each)
    return list(parts.values())


def _id_of(part: Sequence[Member], taken: set[UUID]) -> UUID:
    """The id that most of them have and that no other part has got, else a new one."""
    held: Mapping[UUID, int] = Counter(
        member.duplicate_id for member in part if member.duplicate_id is not None and member.duplicate_id not in taken
    )
    return min(held, key=lambda group: (-held[group], group), default=None) or uuid4()
