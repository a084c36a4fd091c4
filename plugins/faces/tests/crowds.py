"""People made of numbers: faces for which no photo is needed, put in as the job that finds them puts them in.

Run as a program it is one of several processes that share the work, and takes
`DATABASE-URL REDIS-URL FOLDER OWNER-ID PHOTOS NUMBER OF`.
"""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import numpy as np

from immich_faces import detect
from immich_faces.detect_matching import Box, Found
from immich_faces.settings import FacialRecognition
from immich_host.kernel import HostKernel
from immich_host.runtime.settings import RuntimeSettings
from immich_host.testing.host import cheap_hashes

PLUGINS = ("faces", "inference", "thumbnails")
NUMBERS = 32
SPACE = UUID("6f0b8a52-93a5-4a35-9d0b-5a8f5a1c7d11")

_ASSETS = """
INSERT INTO asset (id, owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
                   local_date_time, checksum)
SELECT id, $2, 'IMAGE', 'upload/' || id, id || '.jpg', now(), now(), now(), decode(replace(id::text, '-', ''), 'hex')
FROM unnest($1::uuid[]) AS id
"""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo with faces, of people by their numbers."""

    id: UUID
    people: list[int]
    vectors: list[str]

    @property
    def found(self) -> list[Found]:
        """As the model would have found them: side by side."""
        return [
            Found(Box(100 * place, 10, 100 * place + 80, 90, 1000, 100), vector)
            for place, vector in enumerate(self.vectors)
        ]


def crowd(amount: int, people: int, *, seed: int = 5, spread: float = 0.09, alike: float = 0.0) -> list[Photo]:
    """Photos of one to three people each; with `alike` people are the nearer to each other, up to 1."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(people, NUMBERS)) * (1 - alike) + random.normal(size=NUMBERS) * alike
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    photos = []
    for number in range(amount):
        who = random.choice(people, int(random.integers(1, min(4, people + 1))), replace=False).tolist()
        vectors = centres[who] + random.normal(size=(len(who), NUMBERS)) * spread
        texts = [json.dumps(np.round(vector, 6).tolist()) for vector in vectors]
        photos.append(Photo(uuid5(SPACE, f"{seed} {number}"), who, texts))
    return photos


async def put_in(kernel: HostKernel, owner_id: UUID, photos: list[Photo]) -> None:
    """The assets, and their faces as if they had been found."""
    await kernel.db.execute(_ASSETS, [photo.id for photo in photos], owner_id)
    model = kernel.settings(FacialRecognition).model_name
    for photo in photos:
        await detect.save(kernel, photo.id, photo.found, model, anew=False)


async def told_apart(kernel: HostKernel, owner_id: UUID) -> dict[tuple[UUID, int], UUID | None]:
    """(photo, place of the face in it) -> person."""
    rows = await kernel.db.fetch(
        """SELECT face.asset_id, face.bounding_box_x1 / 100 AS place, face.person_id
           FROM asset_face AS face JOIN asset ON asset.id = face.asset_id WHERE asset.owner_id = $1""",
        owner_id,
    )
    return {(row["asset_id"], row["place"]): row["person_id"] for row in rows}


def parts(people: dict[tuple[UUID, int], UUID | None]) -> set[frozenset[tuple[UUID, int]]]:
    """The same without the names: which faces are together."""
    found: dict[UUID, set[tuple[UUID, int]]] = {}
    for face, person in people.items():
        if person is not None:
            found.setdefault(person, set()).add(face)
    return {frozenset(faces) for faces in found.values()}


async def run_what_waits(kernel: HostKernel) -> None:
    """Run the clusterings that wait and that nobody else runs, as a worker does."""
    room = kernel.job_room
    rows = await kernel.db.fetch(
        """UPDATE job_request SET run_at = now() WHERE job = 'faces.cluster' AND started_at IS NULL
             AND failed_at IS NULL RETURNING id"""
    )
    for row in rows:
        await room.executor.execute(row["id"], retry=False)


async def _work(arguments: list[str]) -> None:
    """Find the faces of every so-manieth photo, a few at a time, and tell faces apart in between."""
    database_url, redis_url, folder, owner, amount, number, of = arguments
    settings: Any = RuntimeSettings(database_url=database_url, redis_url=redis_url, data=Path(folder))
    cheap_hashes()
    kernel = HostKernel(settings, only=list(PLUGINS), hand_over=False)
    await kernel.start()
    try:
        mine = crowd(int(amount), 12, alike=0.35)[int(number) :: int(of)]
        for start in range(0, len(mine), 7):
            await put_in(kernel, UUID(owner), mine[start : start + 7])
            await run_what_waits(kernel)
    finally:
        await kernel.stop()


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1:]))
