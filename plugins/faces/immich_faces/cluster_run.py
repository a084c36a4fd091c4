"""One clustering of a group, between reading and writing. No database here; takes a thread."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import numpy as np

from immich_faces.cluster_input import Given
from immich_faces.clustering import NOBODY, clustered, go_on, reached
from immich_faces.clustering_pairs import Flags, Numbers
from immich_faces.clustering_people import Assigned, assigned


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to cluster.

    Args:
        max_distance: Between faces of one person.
        min_faces: That make a person.
        everything: Look at all faces, not only at those that what has changed can concern.
        afresh: People of whom nobody has said anything are not taken up again.
        bereft: People of whom faces have gone: the others are looked at.
    """

    max_distance: float
    min_faces: int
    everything: bool
    afresh: bool
    bereft: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Result:
    """What is to be written.

    Args:
        changes: (face, whose it was, whose it is).
        new: (person, owner).
        identities: (person, identity), where these are others now.
        seen: (face, person, is held, number) to be remembered.
        said: (person, number) likewise, where it is another.
        looked_at: How many faces were clustered.
    """

    changes: list[tuple[UUID, UUID | None, UUID | None]]
    new: list[tuple[UUID, UUID]]
    identities: list[tuple[UUID, UUID]]
    seen: list[tuple[UUID, UUID | None, bool, int]]
    said: list[tuple[UUID, int]]
    looked_at: int


def told_apart(given: Given, wanted: Wanted, check: Callable[[], None] = go_on) -> Result:
    """Who is whose face now; `check` is called now and then, and may raise to end the work."""
    before = given.before()
    held = np.zeros(len(given), np.bool_) if wanted.afresh else given.held(before)
    seeds = given.seeds(before, held)
    faces = given.faces(seeds)
    chosen = np.arange(len(given))
    if not wanted.everything:
        bereft = [number for number, person in enumerate(given.people) if person.id in wanted.bereft]
        start = ~given.unchanged(seeds) | np.isin(before, bereft)
        chosen = reached(faces, before, start, wanted.max_distance, check=check)
    labels = clustered(faces.only(chosen), wanted.max_distance, wanted.min_faces, check=check)
    taken_up = np.where(seeds != NOBODY, seeds, NOBODY) if wanted.afresh else before
    result = assigned(labels, given.column("owner")[chosen], seeds[chosen], taken_up[chosen], len(given.people))
    return _written(given, chosen, seeds, held, result)


def _written(given: Given, chosen: Numbers, seeds: Numbers, held: Flags, result: Assigned) -> Result:
    owners = given.owner_ids
    new = [(uuid4(), owners[owner]) for _, owner in result.new]
    ids = [*(person.id for person in given.people), *(person_id for person_id, _ in new)]
    now = given.now()
    after = list(now)
    for face, person in zip(chosen.tolist(), result.people.tolist(), strict=True):
        after[face] = None if person == NOBODY else ids[person]
    seen = given.seen(after, seeds)
    stale = np.flatnonzero(seen != given.column("seen"))
    return Result(
        [(given.ids[face], now[face], after[face]) for face in chosen.tolist() if now[face] != after[face]],
        new,
        _identities(given, result, ids) if len(owners) > 1 else [],
        [(given.ids[face], after[face], bool(held[face]), int(seen[face])) for face in stale.tolist()],
        [(person.id, person.said) for person in given.people if person.is_said_anew],
        len(chosen),
    )


def _identities(given: Given, result: Assigned, ids: list[UUID]) -> list[tuple[UUID, UUID]]:
    """One identity for the people of one cluster, another for those of every other."""
    used: set[UUID] = set()
    said: list[tuple[UUID, UUID]] = []
    for people in result.together.values():
        known = [given.people[person] for person in people if person < len(given.people)]
        free = [each.identity_id for each in known if not each.is_elsewhere and each.identity_id not in used]
        identity = free[0] if free else uuid4()
        used.add(identity)
        said.extend((ids[person], identity) for person in people)
    return said
