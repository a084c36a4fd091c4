"""The faces of a group as they are in the database, as columns of numbers; vectors lie in a file, not in memory."""

import hashlib
from array import array
from collections.abc import AsyncIterable, Mapping, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

import numpy as np

from immich_faces.clustering import NOBODY, Faces
from immich_faces.clustering_pairs import Flags, Numbers, rounded

_HEAD = 4
"""Bytes before the values of a vector on PostgreSQL's wire: how many there are, and nothing."""

_NEVER = -(10**6)
_AT_ONCE = 2000
_COLUMNS = ("owner", "photo", "day", "core", "fixed", "held", "seen")


@dataclass(frozen=True, slots=True)
class Person:
    """A person, and what a human has said of them."""

    id: UUID
    owner_id: UUID
    face_id: UUID | None
    identity_id: UUID
    born: int | None
    is_known: bool
    said: int
    was_said: int | None
    is_elsewhere: bool

    @property
    def is_said_anew(self) -> bool:
        """Whether somebody has said something since the last clustering."""
        return self.is_known and self.said != self.was_said


class Given:
    """What is clustered. Close it when it is no longer needed."""

    def __init__(self) -> None:
        self.ids: list[UUID] = []
        self.people: list[Person] = []
        self._person_ids: list[UUID | None] = []
        self._were: list[UUID | None] = []
        self._owners: dict[UUID, int] = {}
        self._columns = {name: array("q") for name in _COLUMNS}
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - `close` does
        self._dimensions = 0

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    async def read(self, rows: AsyncIterable[Any]) -> None:
        """Take in faces, all with vectors of one length."""
        waiting: list[bytes] = []
        async for row in rows:
            self._dimensions = self._dimensions or len(row["vector"])
            waiting.append(row["vector"])
            self._take(row)
            if len(waiting) == _AT_ONCE:
                self._write(waiting)
                waiting = []
        if waiting:
            self._write(waiting)
        self._file.flush()

    def _take(self, row: Mapping[str, Any]) -> None:
        self.ids.append(row["id"])
        self._person_ids.append(row["person_id"])
        owner = self._owners.setdefault(row["owner_id"], len(self._owners))
        self._were.append(row["was_person_id"])
        values = (row[name] for name in ("photo", "day", "may_be_core", "is_fixed", "is_held"))
        for name, value in zip(_COLUMNS, (owner, *values, row["seen"] or 0), strict=True):
            self._columns[name].append(int(value))

    def _write(self, vectors: Sequence[bytes]) -> None:
        values = [np.frombuffer(vector, ">f4", offset=_HEAD) for vector in vectors]
        self._file.write(rounded(np.stack(values).astype(np.float64)).tobytes())

    def know(self, people: Sequence[Mapping[str, Any]]) -> None:
        """Take in people, in the order in which they were made."""
        self.people = [
            Person(
                row["id"],
                row["owner_id"],
                row["face_asset_id"],
                row["identity_id"],
                row["born"],
                row["is_known"],
                row["said"],
                row["was_said"],
                row["is_elsewhere"],
            )
            for row in people
        ]

    def __len__(self) -> int:
        return len(self.ids)

    def column(self, name: str) -> Numbers:
        """(n,) One of the columns."""
        return np.array(self._columns[name], np.int64)

    @property
    def owner_ids(self) -> list[UUID]:
        """Number of an owner -> id."""
        return list(self._owners)

    def before(self) -> Numbers:
        """(n,) Number of the person whose face it is now, or `NOBODY`."""
        return self._numbers(self._person_ids)

    def _numbers(self, person_ids: Sequence[UUID | None]) -> Numbers:
        numbers: dict[tuple[UUID | None, UUID], int] = {
            (person.id, person.owner_id): number for number, person in enumerate(self.people)
        }
        owners = self.owner_ids
        each = zip(person_ids, self._columns["owner"], strict=True)
        return np.array([numbers.get((person, owners[owner]), NOBODY) for person, owner in each], np.int64)

    def held(self, before: Numbers) -> Flags:
        """(n,) Which faces were their person's when a human last said something about that person.

        That is naming or marking them, or giving a face to or away from them. Whoever does so has seen the others. One
        in a photo from before their birth is not held: the date says that it is somebody else's.
        """
        said = {number for number, person in enumerate(self.people) if person.is_said_anew}
        were = self._numbers(self._were)
        moved = (self.column("seen") != 0) & (were != before)
        said |= {*before[moved].tolist(), *were[moved].tolist()}
        return self._may_be(before) & ((self.column("held") == 1) | np.isin(before, list(said - {NOBODY})))

    def _may_be(self, before: Numbers) -> Flags:
        """(n,) Which faces are somebody's who had been born when the photo was taken."""
        born = np.array([_NEVER if person.born is None else person.born for person in self.people] + [_NEVER])
        return (before != NOBODY) & (self.column("day") >= born[before])

    def seeds(self, before: Numbers, held: Flags) -> Numbers:
        """(n,) Number of the person whose face a human has said that it is, or `NOBODY`.

        Besides those that a human has given to somebody, and those that are held, the face on the picture of whoever
        a human has said something about; unless that photo is from before their birth.
        """
        may_be = self._may_be(before)
        seeds = np.where((self.column("fixed") == 1) | held, before, NOBODY)
        place = {face_id: number for number, face_id in enumerate(self.ids)}
        said = set(seeds.tolist())
        first: dict[int, int] = {}
        for number in np.flatnonzero(may_be).tolist():
            first.setdefault(int(before[number]), number)
        for number, person in enumerate(self.people):
            if not person.is_known and number not in said:
                continue
            shown = NOBODY if person.face_id is None else place.get(person.face_id, NOBODY)
            if shown == NOBODY or before[shown] != number or not may_be[shown]:
                shown = NOBODY if number in said else first.get(number, NOBODY)
            if shown != NOBODY:
                seeds[shown] = number
        return seeds

    def faces(self, seeds: Numbers) -> Faces:
        """As they are clustered."""
        dimensions = max(self._dimensions - _HEAD, 4) // 4
        vectors = (
            np.memmap(self._file, np.int16, "r", shape=(len(self), dimensions))
            if len(self)
            else np.zeros((0, dimensions), np.int16)
        )
        known = [(number, person) for number, person in enumerate(self.people) if person.owner_id in self._owners]
        return Faces(
            vectors,
            self.column("photo"),
            self.column("day"),
            self.column("core") == 1,
            seeds,
            {number: self._owners[person.owner_id] for number, person in known},
            {number: person.born for number, person in known if person.born is not None},
        )

    def seen(self, people: Sequence[UUID | None], seeds: Numbers) -> Numbers:
        """(n,) For each face a number that changes with whatever its clustering depends on, and what came of it."""
        rows = zip(people, seeds.tolist(), *(self._columns[name] for name in ("day", "core", "fixed")), strict=True)
        return np.fromiter((self._digest(row) for row in rows), np.int64, len(self))

    def _digest(self, row: tuple[Any, ...]) -> int:
        person_id, seed, *rest = row
        said = None if seed == NOBODY else (self.people[seed].id, self.people[seed].born)
        text = repr((person_id, said, rest)).encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), signed=True) or 1

    def now(self) -> list[UUID | None]:
        """Whose face each is now."""
        return self._person_ids

    def unchanged(self, seeds: Numbers) -> Flags:
        """(n,) Whether the last clustering saw a face just as it is now."""
        return self.column("seen") == self.seen(self._person_ids, seeds)
