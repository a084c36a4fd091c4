"""Pictures that come with scikit-image, libraries of made-up vectors, and what searches for them answer."""

import io
import math
import random
from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from immich_inference.settings import InferenceSettings

type Picture = Callable[[str], bytes]
type Found = Callable[..., Awaitable[list[UUID]]]
type Vectors = Callable[[RunningHost], Awaitable[dict[UUID, str]]]
type Library = Callable[..., Awaitable[list[UUID]]]
type Models = Callable[..., Awaitable[None]]


@cache
def _jpeg(name: str) -> bytes:
    from PIL import Image
    from skimage import data

    content = io.BytesIO()
    Image.fromarray(getattr(data, name)()).convert("RGB").resize((300, 240)).save(content, "JPEG", quality=85)
    return content.getvalue()


@pytest.fixture
def picture() -> Picture:
    """The JPEG of one of `skimage.data`, made small."""
    return _jpeg


@pytest.fixture
def found() -> Found:
    """Ids that a search answers, in order."""

    async def search(client: httpx.AsyncClient, **body: Any) -> list[UUID]:
        answer = expect(await client.post("/api/search/smart", json=body), 200)
        return [UUID(item["id"]) for item in answer["assets"]["items"]]

    return search


@pytest.fixture
def vectors() -> Vectors:
    """Asset -> name of the models by which it has vectors, joined by commas."""

    async def read(host: RunningHost) -> dict[UUID, str]:
        rows = await host.kernel.db.fetch(
            """SELECT asset_id, string_agg(name, ',' ORDER BY name) AS names FROM smart_search
               JOIN smartsearch_model AS model ON model.id = model_id WHERE embedding IS NOT NULL GROUP BY asset_id"""
        )
        return {row["asset_id"]: row["names"] for row in rows}

    return read


@pytest.fixture
def models(tmp_path: Path) -> Models:
    """Put the model that comes with the server into the folder of models, under other names."""

    async def put(host: RunningHost, *names: str) -> None:
        folder = tmp_path / "models"
        (folder / "clip").mkdir(parents=True, exist_ok=True)
        starter = Path(str(files("immich_starter_models"))) / "models" / "clip" / "starter"
        for name in names:
            (folder / "clip" / name).symlink_to(starter)
        await host.configure(InferenceSettings(folder=str(folder), download=False))

    return put


@pytest.fixture
def library() -> Library:
    """Assets of a user with made-up vectors of 16 numbers, in some clusters: ids in the order of their making."""

    async def make(host: RunningHost, amount: int, user: str = "admin") -> list[UUID]:
        db, owner = host.kernel.db, await host.user_id(user)
        await db.execute(
            """INSERT INTO asset (owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
                                  local_date_time, checksum, is_favorite, visibility)
               SELECT $1::uuid, 'IMAGE', 'upload/' || n, n || '.jpg', moment, moment, moment,
                      sha256(($1::uuid::text || n)::bytea), n % 10 = 0, 'timeline'
               FROM (SELECT n, '2020-01-01'::timestamptz + n * interval '1 minute' AS moment
                     FROM generate_series(0, $2::int - 1) AS n) AS each""",
            owner,
            amount,
        )
        await db.execute(
            """INSERT INTO smartsearch_model (name, rules, dimensions, is_answering)
               VALUES ('starter', 1, 16, true) ON CONFLICT DO NOTHING"""
        )
        rows = await db.fetch("SELECT id FROM asset WHERE owner_id = $1 ORDER BY file_created_at", owner)
        texts = _clusters(amount, seed=user)
        await db.executemany(
            """INSERT INTO smart_search (asset_id, model_id, embedding)
               SELECT $1, id, $2::text::halfvec FROM smartsearch_model WHERE is_answering""",
            [(row["id"], text) for row, text in zip(rows, texts, strict=True)],
        )
        return [row["id"] for row in rows]

    return make


def _clusters(amount: int, *, seed: str) -> list[str]:
    chance = random.Random(seed)
    centres = [[chance.gauss(0, 1) for _ in range(16)] for _ in range(12)]
    found = []
    for _ in range(amount):
        numbers = [each + chance.gauss(0, 0.5) for each in chance.choice(centres)]
        length = math.hypot(*numbers)
        found.append(str([round(each / length, 4) for each in numbers]))
    return found
