"""Which faces are alike: similarities of all pairs of faces, exact, in bounded memory.

Vectors are kept as whole numbers small enough that every similarity is exact in single precision. So a pair has the
same similarity in whatever order and by whatever machine it is computed, and what is built on it is the same, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

type Whole = np.ndarray[Any, np.dtype[np.int16]]
type Numbers = np.ndarray[Any, np.dtype[np.int64]]
type Flags = np.ndarray[Any, np.dtype[np.bool_]]

SCALE = 4000
"""Length of a vector. Its square with that of rounding stays below 2^24, up to which all sums are exact."""

ABOVE_ALL = SCALE * SCALE * 2
"""More alike than any two can be."""

_NOT = -ABOVE_ALL
_BLOCK = 1024
_MANY = 4096
_FEW = 32


def rounded(vectors: np.ndarray[Any, Any]) -> Whole:
    """(n, d) of any length to whole numbers; what has no length stays nothing, and is like nobody."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.rint(vectors / np.maximum(lengths, 1e-12) * SCALE).astype(np.int16)


def least_similarity(max_distance: float) -> int:
    """The similarity of a pair that is just near enough, from a cosine distance."""
    return int(np.ceil((1 - max_distance) * SCALE * SCALE))


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of faces by their places, with how alike they are, in no particular order."""

    first: Numbers
    second: Numbers
    similarity: Numbers

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, chosen: Any) -> "Pairs":
        return Pairs(self.first[chosen], self.second[chosen], self.similarity[chosen])

    @classmethod
    def none(cls) -> "Pairs":
        """No pair."""
        nothing = np.zeros(0, np.int64)
        return cls(nothing, nothing, nothing)

    @classmethod
    def joined(cls, parts: Sequence["Pairs"]) -> "Pairs":
        """All of them."""
        if not parts:
            return cls.none()
        return cls(
            np.concatenate([part.first for part in parts]),
            np.concatenate([part.second for part in parts]),
            np.concatenate([part.similarity for part in parts]),
        )

    def ordered(self) -> "Pairs":
        """The most alike first; those equally alike by their places."""
        return self[np.lexsort((self.second, self.first, -self.similarity))]


@dataclass(frozen=True, slots=True)
class Apart:
    """What must not be joined, as far as it is worth knowing beforehand.

    Args:
        roots: (n,) Cluster of a face: pairs within one are of no interest.
        large: (n,) Number of its cluster, if that is one of the k largest, else k.
        barred: (k + 1, k + 1) Which of these cannot be joined.
    """

    roots: Numbers
    large: Numbers
    barred: Flags


@dataclass(frozen=True, slots=True)
class Block:
    """Similarities of some faces with others: rows and columns are their places.

    `alike` is (rows, columns). It has pairs of one photo too, which `pairs` leaves out.
    """

    rows: Numbers
    columns: Numbers
    alike: "np.ndarray[Any, np.dtype[np.float32]]"

    def pairs(self, photos: Numbers, low: int, high: int, apart: Apart | None = None) -> Pairs:
        """Those with low <= similarity < high, never two of one photo; with `apart` only those of interest."""
        chosen = self.alike >= low
        if high < ABOVE_ALL:
            chosen &= self.alike < high
        if apart is not None:
            chosen &= apart.roots[self.rows][:, None] != apart.roots[self.columns]
            chosen &= ~apart.barred[apart.large[self.rows][:, None], apart.large[self.columns]]
        one, other = np.nonzero(chosen)
        found = Pairs(self.rows[one], self.columns[other], self.alike[one, other].astype(np.int64))
        return found[photos[found.first] != photos[found.second]]


def blocks(vectors: Whole, places: Numbers, rows: int = _BLOCK) -> Iterator[Block]:
    """All pairs among `places` (ascending), each once, the first before the second."""
    for start in range(0, len(places), rows):
        some = places[start : start + rows]
        for block in _of_rows(vectors, some, places[start:]):
            if block.columns[0] <= some[-1]:
                block.alike[some[:, None] >= block.columns] = _NOT
            yield block


def few_rows(vectors: Whole, places: Numbers) -> Iterator[Sequence[Block]]:
    """The same, all of a few rows at a time, in their order: for when pairs would be too many at once."""
    for start in range(0, len(places), _FEW):
        wide = -(-(len(places) - start) // _MANY)
        yield list(islice(blocks(vectors, places[start:], _FEW), wide))


def blocks_between(vectors: Whole, some: Numbers, others: Numbers) -> Iterator[Block]:
    """All pairs of one of `some` and one of `others`."""
    for start in range(0, len(some), _BLOCK):
        yield from _of_rows(vectors, some[start : start + _BLOCK], others)


def _of_rows(vectors: Whole, some: Numbers, others: Numbers) -> Iterator[Block]:
    rows = vectors[some].astype(np.float32)
    for start in range(0, len(others), _MANY):
        against = others[start : start + _MANY]
        yield Block(some, against, rows @ vectors[against].astype(np.float32).T)


def of_one_photo(vectors: Whole, photos: Numbers) -> Iterator[Pairs]:
    """All pairs of faces in one photo."""
    order = np.argsort(photos, kind="stable")
    bounds = np.flatnonzero(np.diff(photos[order])) + 1
    for faces in np.split(order, bounds):
        if len(faces) > 1:
            for block in blocks(vectors, faces):
                one, other = np.nonzero(block.alike > _NOT)
                yield Pairs(block.rows[one], block.columns[other], block.alike[one, other].astype(np.int64))
