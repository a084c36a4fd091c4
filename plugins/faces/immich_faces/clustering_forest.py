"""Clusters that grow by joining, and that refuse what must not be joined."""

from typing import TYPE_CHECKING

import numpy as np

from immich_faces.clustering_pairs import Apart, Numbers, Pairs

if TYPE_CHECKING:
    from immich_faces.clustering import Faces

_NOBODY = -1
_EVER = 10**9
_LARGEST = 64


class Forest:
    """Each face a cluster of its own, but for seeds of one person, which are together."""

    def __init__(self, faces: "Faces") -> None:
        self._faces = faces
        self._parents = list(range(len(faces)))
        self._photos: list[set[int] | None] = [{photo} for photo in faces.photos.tolist()]
        self._people: dict[int, dict[int, int]] = {}
        self._born: dict[int, int] = {}
        seeds = faces.seeds.tolist()
        # A human may say what the calendar does not: photos of seeds bound nothing.
        self._earliest = [
            day if seed == _NOBODY else _EVER for day, seed in zip(faces.days.tolist(), seeds, strict=True)
        ]
        self._plant(seeds)

    def _plant(self, seeds: list[int]) -> None:
        first: dict[int, int] = {}
        for face, person in enumerate(seeds):
            if person == _NOBODY:
                continue
            root = first.setdefault(person, face)
            if root == face:
                self._people[face] = {self._faces.owners[person]: person}
                self._born[face] = self._faces.born.get(person, -_EVER)
            else:
                self._unite(root, face)

    def root(self, face: int) -> int:
        """The face that stands for its cluster now."""
        parents = self._parents
        while parents[face] != face:
            parents[face] = parents[parents[face]]
            face = parents[face]
        return face

    def roots(self) -> Numbers:
        """(n,) That of every face."""
        return np.fromiter((self.root(face) for face in range(len(self._parents))), np.int64, len(self._parents))

    def apart(self) -> Apart:
        """What cannot be joined any more, of the largest clusters."""
        roots = self.roots()
        found, sizes = np.unique(roots, return_counts=True)
        largest = found[np.argsort(-sizes, kind="stable")[:_LARGEST]].tolist()
        number = np.full(len(roots), len(largest), np.int64)
        barred = np.zeros((len(largest) + 1,) * 2, np.bool_)
        for one, root in enumerate(largest):
            number[root] = one
            for other in range(one):
                barred[one, other] = barred[other, one] = not self._may_join(root, largest[other])
        return Apart(roots, number[roots], barred)

    def join(self, pairs: Pairs) -> None:
        """Join clusters along pairs, the most alike first, where nothing speaks against it."""
        pairs = pairs.ordered()
        refused: set[tuple[int, int]] = set()
        for first, second in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True):
            one, other = self.root(first), self.root(second)
            if one == other or (one, other) in refused:
                continue
            if self._may_join(one, other):
                self._unite(one, other)
            else:
                refused |= {(one, other), (other, one)}

    def takes(self, root: int, face: int) -> bool:
        """Put a face that is alone into a cluster, where nothing speaks against it."""
        root = self.root(root)
        if not self._may_join(root, face):
            return False
        self._unite(root, face)
        return True

    def _may_join(self, one: int, other: int) -> bool:
        some, more = self._photos[one], self._photos[other]
        if some is None or more is None or not some.isdisjoint(more):
            return False
        people = self._people.get(one, {})
        if any(people.get(owner, person) != person for owner, person in self._people.get(other, {}).items()):
            return False
        born = max(self._born.get(one, -_EVER), self._born.get(other, -_EVER))
        return min(self._earliest[one], self._earliest[other]) >= born

    def _unite(self, one: int, other: int) -> None:
        some, more = self._photos[one] or set(), self._photos[other] or set()
        if len(some) < len(more):
            one, other, some, more = other, one, more, some
        some |= more
        self._parents[other] = one
        self._photos[one], self._photos[other] = some, None
        self._earliest[one] = min(self._earliest[one], self._earliest[other])
        if other in self._people:
            self._people[one] = self._people.get(one, {}) | self._people.pop(other)
            self._born[one] = max(self._born.get(one, -_EVER), self._born.pop(other))
