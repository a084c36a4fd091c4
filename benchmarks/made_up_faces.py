"""Faces that no photo has, the servers on which they are told apart, and the processes that do so."""

import asyncio
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid5

import numpy as np
import structlog
from served import cpu_of

from immich_faces import cluster_store
from immich_faces.cluster_input import Given
from immich_faces.cluster_run import Wanted, told_apart
from immich_faces.settings import FacialRecognition
from immich_host.db.database import Database
from immich_host.db.migrating import create_database, migrate
from immich_host.hosting import Hosting
from immich_host.hosting.apps import all_apps
from immich_host.kernel import HostKernel
from immich_host.runtime.postgres import Postgres
from immich_host.runtime.settings import RuntimeSettings
from immich_host.runtime.valkey import Valkey

NUMBERS = 128
SPREAD = 0.06
FAMILY = 4
SPACE = UUID("1d2f9a8e-8f4b-4a53-a3c0-0c47f2f1a9b1")
CLUSTER = "faces.cluster"
ASSETS = """
INSERT INTO asset (id, owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
                   local_date_time, checksum)
SELECT DISTINCT id, $2::uuid, 'IMAGE', 'upload/' || id, id || '.jpg', now(), now(), now(),
       decode(replace(id::text, '-', ''), 'hex')
FROM unnest($1::uuid[]) AS id ON CONFLICT DO NOTHING
"""
FACES = """
INSERT INTO asset_face (id, asset_id, image_width, image_height, bounding_box_x2, bounding_box_y2)
SELECT id, asset_id, 100, 100, 50, 50 FROM unnest($1::uuid[], $2::uuid[]) AS new (id, asset_id)
"""
VECTORS = """
INSERT INTO face_search (face_id, model, embedding)
SELECT id, 'starter', embedding::vector FROM unnest($1::uuid[], $2::text[]) AS new (id, embedding)
"""
TOGETHER = "SELECT array_agg(id) AS faces FROM asset_face WHERE person_id IS NOT NULL GROUP BY person_id"


@dataclass(frozen=True, slots=True)
class Crowd:
    """Faces, the photos that they are in, and their vectors as text."""

    faces: Sequence[UUID]
    photos: Sequence[UUID]
    vectors: Sequence[str]

    @classmethod
    def made_up(cls, faces: int, people: int, name: str = "") -> "Crowd":
        """The same each time: some people are in thousands of photos, most in few; families look alike.

        Every third photo has two of them.
        """
        random = np.random.default_rng(11)
        families = random.normal(size=(people // FAMILY + 1, NUMBERS)).repeat(FAMILY, axis=0)[:people]
        centres = random.normal(size=(people, NUMBERS)) + 0.7 * families
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
        who = np.minimum((random.pareto(1.2, faces) * people / 40).astype(int), people - 1)
        vectors = centres[who] + random.normal(size=(faces, NUMBERS)) * SPREAD
        photos = np.arange(faces)
        pairs = np.arange(0, faces - 1, 3)
        pairs = pairs[who[pairs] != who[pairs + 1]]
        photos[pairs + 1] = pairs
        return cls(
            [uuid5(SPACE, f"{name} face {number}") for number in range(faces)],
            [uuid5(SPACE, f"{name} photo {number}") for number in photos],
            [json.dumps(np.round(vector, 6).tolist()) for vector in vectors],
        )

    def parts(self, size: int, seed: int) -> "Iterator[Crowd]":
        """A few at a time, in an order of its own."""
        order = np.random.default_rng(seed).permutation(len(self.faces))
        for start in range(0, len(order), size):
            chosen = order[start : start + size].tolist()
            yield Crowd(*([column[each] for each in chosen] for column in (self.faces, self.photos, self.vectors)))


class Place:
    """A database with one owner, and a queue."""

    def __init__(self, kernel: HostKernel, owner: UUID, group: UUID) -> None:
        self.kernel, self.owner, self.group = kernel, owner, group
        self.runs: set[Any] = set()
        """When faces were told apart, as far as it was seen."""

    async def put_in(self, crowd: Crowd) -> None:
        """As if these faces had been found."""
        async with self.kernel.db.transaction():
            await self.kernel.db.execute(ASSETS, list(crowd.photos), self.owner)
            await self.kernel.db.execute(FACES, list(crowd.faces), list(crowd.photos))
            await self.kernel.db.execute(VECTORS, list(crowd.faces), list(crowd.vectors))

    async def ask(self) -> None:
        """Have them told apart."""
        await self.kernel.jobs.request(CLUSTER, group_id=self.group)

    @contextmanager
    def workers(self, amount: int) -> "Iterator[list[subprocess.Popen[bytes]]]":
        """Real ones."""
        runtime = self.kernel.runtime
        environment = {key: value for key, value in os.environ.items() if not key.startswith("IMMICH_HOST_")} | {
            "IMMICH_HOST_DATABASE_URL": str(runtime.database_url),
            "IMMICH_HOST_REDIS_URL": str(runtime.redis_url),
            "IMMICH_HOST_DATA": str(runtime.data),
            "IMMICH_HOST_WORK_PROCESSES": str(amount),
            "IMMICH_HOST_LOG_LEVEL": "error",
        }
        command = [sys.executable, "-P", "-m", "immich_host", "work"]
        started = [subprocess.Popen(command, env=environment) for _ in range(amount)]
        try:
            yield started
        finally:
            for each in started:
                each.terminate()
            for each in started:
                each.wait(60)

    async def ready(self, processes: "Sequence[subprocess.Popen[bytes]]") -> None:
        """Until all are at work: they have had a job to do, and use the CPU no more."""
        await self.ask()
        await self.quiet()
        used = -1.0
        while (now := self.cpu(processes)) - used > 0.05:
            used = now
            await asyncio.sleep(1)

    @staticmethod
    def cpu(processes: "Sequence[subprocess.Popen[bytes]]") -> float:
        """Seconds so far."""
        return sum(cpu_of(each.pid) for each in processes)

    async def quiet(self, patience: float = 1800) -> None:
        """Until nothing waits to be told apart. Other processes bring it about, so nothing here can tell when."""
        ends = time.monotonic() + patience
        waiting = "SELECT count(*) FROM job_request WHERE job = $1 AND failed_at IS NULL"
        while await self.kernel.db.fetchval(waiting, CLUSTER):
            await self.look()
            assert time.monotonic() < ends, "the workers did not come to an end"
            await asyncio.sleep(0.05)

    async def look(self) -> None:
        """Note when the last run was."""
        self.runs.add(await self.kernel.db.fetchval("SELECT max(ran_at) FROM faces_clustering"))

    async def together(self) -> set[frozenset[UUID]]:
        """Which faces are one person's."""
        return {frozenset(row["faces"]) for row in await self.kernel.db.fetch(TOGETHER)}

    async def cluster(self, *, everything: bool) -> dict[str, Any]:
        """Tell apart in this process what is there, and write it as the job does; figures of it."""
        from immich_faces.cluster import _save

        settings, given, begin = FacialRecognition(), Given(), time.perf_counter()
        width, _ = await cluster_store.width(self.kernel.db, settings.model_name, [self.owner])
        rows = cluster_store.faces(self.kernel.db, settings.model_name, self.group, [self.owner], width)
        await given.read(rows)
        given.know(await cluster_store.people(self.kernel.db, [self.owner]))
        read = 1000 * (time.perf_counter() - begin)
        wanted = Wanted(settings.max_distance, settings.min_faces, everything=everything, afresh=False)
        used = time.process_time()
        result = told_apart(given, wanted)
        used = 1000 * (time.process_time() - used)
        given.close()
        async with self.kernel.db.transaction():
            await _save(self.kernel, self.group, result)
        return {"read_ms": read, "cpu_ms": used, "looked_at": result.looked_at}


@asynccontextmanager
async def place(folder: Path) -> AsyncIterator[Place]:
    """Servers and a database of its own, with the tables of all plugins."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    postgres, valkey = Postgres(folder / "postgres"), Valkey(folder / "valkey")
    for server in (postgres, valkey):
        await asyncio.to_thread(server.start, output=subprocess.DEVNULL)
    try:
        url = urlunsplit(urlsplit(postgres.uri)._replace(path="/measured"))
        await create_database(url)
        database = Database(url, max_connections=2)
        await database.connect()
        failed = await migrate(database, all_apps(Hosting()))
        await database.close()
        assert not failed, failed
        settings = RuntimeSettings(database_url=url, redis_url=valkey.uri, data=folder / "data")
        kernel = HostKernel(settings)
        await kernel.start()
        try:
            row = await kernel.db.fetchrow(
                """INSERT INTO "user" (email, name) VALUES ('a', 'a') RETURNING id, cluster_group_id"""
            )
            # Nobody's picture can be cut out of a photo that is not there.
            await kernel.job_room.commands.pause("thumbnailGeneration")
            yield Place(kernel, row["id"], row["cluster_group_id"])
        finally:
            await kernel.stop()
    finally:
        for server in (valkey, postgres):
            await asyncio.to_thread(server.stop)
