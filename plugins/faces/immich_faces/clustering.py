"""Who is who: faces put together so that the result depends on the faces alone, never on the order they came in.

It is DBSCAN (Ester and others, 1996) with things that must not be joined:

- Two faces are neighbours when they are within `max_distance` and not in one photo. A face is *core* when it has at
  least `min_faces` neighbours, itself among them, and its photo is on the timeline. A *seed*, a face of which a human
  has said whose it is, is always core.
- Seeds of one person are together from the start. Then pairs of neighbouring cores are taken from the nearest to
  the farthest, equal ones by their places, and each joins two clusters unless that puts two faces of one photo, two
  people of one owner, or a photo and somebody who was born after it into one.
- Any other face goes to the cluster of the nearest core that may take it, nearest pairs first.
- A cluster without a seed that has fewer than `min_faces` faces is nobody.

Faces of which no chain of neighbours leads to a new one are not touched by it: `reached` says which are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from immich_faces.clustering_forest import Forest
from immich_faces.clustering_pairs import (
    ABOVE_ALL,
    SCALE,
    Flags,
    Numbers,
    Pairs,
    Whole,
    blocks,
    blocks_between,
    few_rows,
    least_similarity,
    of_one_photo,
)

NOBODY = -1
AT_ONCE = 1_000_000
"""Pairs that are held at once; when there are more, they are found in several rounds."""


@dataclass(frozen=True, slots=True)
class Faces:
    """n faces, in an order of their own that does not change.

    Args:
        vectors: (n, d), see `clustering_pairs.rounded`.
        photos: (n,) Number of the photo that a face is in.
        days: (n,) Day on which it was taken.
        may_be_core: (n,) Whether the photo is on the timeline.
        seeds: (n,) Number of the person whose face a human has said that it is, or `NOBODY`.
        owners: Person -> number of the owner.
        born: Person -> day of birth, where it is known.
    """

    vectors: Whole
    photos: Numbers
    days: Numbers
    may_be_core: Flags
    seeds: Numbers
    owners: dict[int, int]
    born: dict[int, int]

    def __len__(self) -> int:
        return len(self.photos)

    def only(self, chosen: Numbers) -> "Faces":
        """Those at some places, in their order; all of them are not copied."""
        if len(chosen) == len(self):
            return self
        return Faces(
            self.vectors[chosen],
            self.photos[chosen],
            self.days[chosen],
            self.may_be_core[chosen],
            self.seeds[chosen],
            self.owners,
            self.born,
        )


def go_on() -> None:
    """What is called now and then, and may raise to end the work."""


def clustered(
    faces: Faces, max_distance: float, min_faces: int, *, at_once: int = AT_ONCE, check: Callable[[], None] = go_on
) -> Numbers:
    """(n,) For each face the place of the first face of its cluster, or `NOBODY`.

    Args:
        faces: All that are connected with each other.
        max_distance: Cosine distance within which two faces are neighbours.
        min_faces: As many neighbours make a face core.
        at_once: Pairs that are held at once.
        check: Called between parts of the work.
    """
    least = least_similarity(max_distance)
    degrees, pairs = _neighbours(faces, least, at_once, check)
    cores = (faces.seeds != NOBODY) | (faces.may_be_core & (degrees + 1 >= min_faces))
    forest = Forest(faces)
    if pairs is not None:
        forest.join(pairs[cores[pairs.first] & cores[pairs.second]])
    else:
        _join_in_rounds(faces, np.flatnonzero(cores), forest, least, at_once, check)
    labels = np.where(cores, forest.roots(), NOBODY)
    _add_others(faces, labels, forest, np.flatnonzero(cores), least)
    return _named(faces, labels, min_faces)


def reached(
    faces: Faces, people: Numbers, start: Flags, max_distance: float, *, check: Callable[[], None] = go_on
) -> Numbers:
    """Places of all faces to which a chain of neighbours, or of faces of one person, leads from where it starts.

    Args:
        faces: All there are.
        people: (n,) Number of the person whose face it was until now, or `NOBODY`.
        start: (n,) Which are new or changed.
        max_distance: As for `clustered`.
        check: As for `clustered`.
    """
    least = least_similarity(max_distance)
    everything = np.arange(len(faces))
    seen = start.copy()
    edge = np.flatnonzero(start)
    while len(edge):
        found = np.zeros(len(faces), np.bool_)
        for block in blocks_between(faces.vectors, edge, everything[~seen]):
            check()
            found[block.columns] |= (block.alike >= least).any(axis=0)
        known = people[edge]
        found |= np.isin(people, known[known != NOBODY])
        edge = np.flatnonzero(found & ~seen)
        seen |= found
    return np.flatnonzero(seen)


def _neighbours(faces: Faces, least: int, at_once: int, check: Callable[[], None]) -> tuple[Numbers, Pairs | None]:
    """(n,) How many neighbours a face has; and the pairs, unless they are too many."""
    degrees = np.zeros(len(faces), np.int64)
    kept: list[Pairs] | None = []
    held = 0
    for block in blocks(faces.vectors, np.arange(len(faces))):
        check()
        near = block.alike >= least
        degrees[block.rows] += near.sum(axis=1)
        degrees[block.columns] += near.sum(axis=0)
        held += int(np.count_nonzero(near))
        kept = None if held > at_once else kept
        if kept is not None:
            kept.append(block.pairs(faces.photos, least, ABOVE_ALL))
    for pairs in of_one_photo(faces.vectors, faces.photos):
        near = pairs.similarity >= least
        np.subtract.at(degrees, pairs.first[near], 1)
        np.subtract.at(degrees, pairs.second[near], 1)
    return degrees, None if kept is None else Pairs.joined(kept)


def _join_in_rounds(
    faces: Faces, cores: Numbers, forest: Forest, least: int, at_once: int, check: Callable[[], None]
) -> None:
    """Pairs from the nearest to the farthest, as many in each round as can be held."""
    top = SCALE * SCALE
    high, width = ABOVE_ALL, max(1, (top - least) // 2)
    while high > least:
        low = max(least, min(high, top + 1) - width)
        pairs = _between_clusters(faces, cores, forest, low, high, at_once, check)
        if pairs is not None:
            forest.join(pairs)
            high, width = low, width * 2 if len(pairs) < at_once // 4 else width
        elif min(high, top + 1) - low > 1:
            width = max(1, (min(high, top + 1) - low) // 2)
        else:
            for some in few_rows(faces.vectors, cores):
                check()
                forest.join(Pairs.joined([block.pairs(faces.photos, low, high, forest.apart()) for block in some]))
            high = low


def _between_clusters(
    faces: Faces, cores: Numbers, forest: Forest, low: int, high: int, at_once: int, check: Callable[[], None]
) -> Pairs | None:
    """For each two clusters their nearest pair; None where even these are too many."""
    apart = forest.apart()
    kept: list[Pairs] = []
    held = 0
    for block in blocks(faces.vectors, cores):
        check()
        kept.append(block.pairs(faces.photos, low, high, apart))
        held += len(kept[-1])
        if held > at_once:
            kept = [_nearest(Pairs.joined(kept), apart.roots)]
            held = len(kept[0])
            if held > at_once // 2:
                return None
    return _nearest(Pairs.joined(kept), apart.roots)


def _nearest(pairs: Pairs, roots: Numbers) -> Pairs:
    """Of pairs between the same two clusters only the first in order, which decides whatever comes of them."""
    pairs = pairs.ordered()
    one, other = roots[pairs.first], roots[pairs.second]
    key = np.minimum(one, other) * len(roots) + np.maximum(one, other)
    return pairs[np.unique(key, return_index=True)[1]]


def _add_others(faces: Faces, labels: Numbers, forest: Forest, cores: Numbers, least: int) -> None:
    """Faces that are not core, to the nearest that may take them."""
    others = np.flatnonzero(labels == NOBODY)
    for face, root in _offers(faces, labels.copy(), others, cores, least):
        if labels[face] == NOBODY and forest.takes(root, face):
            labels[face] = root


def _offers(faces: Faces, labels: Numbers, others: Numbers, cores: Numbers, least: int) -> Iterator[tuple[int, int]]:
    found: list[Pairs] = []
    for block in blocks_between(faces.vectors, others, cores):
        ordered = block.pairs(faces.photos, least, ABOVE_ALL).ordered()
        key = ordered.first * len(labels) + labels[ordered.second]
        found.append(ordered[np.unique(key, return_index=True)[1]])
    ordered = Pairs.joined(found).ordered()
    yield from zip(ordered.first.tolist(), labels[ordered.second].tolist(), strict=True)


def _named(faces: Faces, labels: Numbers, min_faces: int) -> Numbers:
    """Clusters named by their first face; small ones are nobody."""
    members = np.flatnonzero(labels != NOBODY)
    named = np.full(len(labels), NOBODY, np.int64)
    if not len(members):
        return named
    _, first, which, sizes = np.unique(labels[members], return_index=True, return_inverse=True, return_counts=True)
    seeded = np.zeros(len(sizes), np.bool_)
    seeded[which[faces.seeds[members] != NOBODY]] = True
    somebody = seeded | (sizes >= min_faces)
    named[members] = np.where(somebody[which], members[first[which]], NOBODY)
    return named
