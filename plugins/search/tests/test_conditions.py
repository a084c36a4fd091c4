"""Conditions against the database: whose assets, which of them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from immich_host.plugin_api import Caller, Refused
from immich_host.plugin_api.conditions import Conditions
from immich_host.testing import RunningHost, Servers
from immich_host.testing.fixtures import running_host
from immich_host.testing.host import expect
from immich_search.api import SearchBody, conditions
from immich_search.compiling import Compiler
from immich_search.filters import SearchFilterBranch


class Library:
    """One host for all tests of this file, with a few assets of Ann and one of Ben."""

    def __init__(self, host: RunningHost, ids: dict[str, UUID], ann: UUID, ben: UUID) -> None:
        self.host, self.ids = host, ids
        self.ann, self.ben = (Caller(user, "", "", is_admin=False) for user in (ann, ben))

    async def find(self, body: dict[str, Any], caller: Caller | None = None) -> set[str]:
        found = await conditions(self.host.kernel, caller or self.ann, SearchBody.model_validate(body))
        rows = await self.host.kernel.db.fetch(
            f"SELECT asset.id FROM asset LEFT JOIN asset_exif AS exif ON exif.asset_id = asset.id WHERE {found.where}",
            *found.args,
        )
        names = {asset_id: name for name, asset_id in self.ids.items()}
        return {names[row["id"]] for row in rows}

    async def by(self, **asked: Any) -> set[str]:
        return await self.find({"filter": asked})


FILES = {
    "sea": "sea.jpg", "emile": "Émile's 100%.JPG", "clip": "clip.mp4", "archived": "a.jpg", "locked": "l.jpg",
    "hidden": "h.jpg", "binned": "b.jpg",
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def library(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Library]:
    async with running_host(servers, tmp_path_factory.mktemp("library"), ["search"]) as host:
        yield await filled(host)


async def filled(host: RunningHost) -> Library:
    ids: dict[str, UUID] = {}
    for day, (name, file) in enumerate(FILES.items(), start=1):
        taken = f"2024-05-0{day}T10:00:00.000Z"
        ids[name] = await host.upload(name.encode(), name=file, user="ann", fileCreatedAt=taken)
    ids["bens"] = await host.upload(b"bens", name="bens.jpg", user="ben")
    await host.drain()
    client = await host.client("ann")
    for name in ("archived", "locked", "hidden"):
        change = {"visibility": {"archived": "archive"}.get(name, name)}
        expect(await client.put(f"/api/assets/{ids[name]}", json=change), 200)
    expect(await client.put(f"/api/assets/{ids['sea']}", json={"isFavorite": True, "description": "The sea"}), 200)
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(ids["binned"])]}), 204)
    assets = host.kernel.assets
    await assets.write_exif(ids["sea"], city="Rome", country="Italy", rating=4, file_size_in_byte=1000)
    await assets.write_exif(ids["emile"], city="Paris", country="France", file_size_in_byte=2000)
    await assets.update(ids["sea"], live_photo_video_id=ids["hidden"])
    return Library(host, ids, await host.user_id("ann"), await host.user_id("ben"))


async def test_without_a_word_the_callers_own_that_are_not_hidden_locked_or_binned(library: Library) -> None:
    assert await library.find({}) == await library.by() == {"sea", "emile", "clip", "archived"}
    assert await library.find({}, library.ben) == {"bens"}


FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({"city": {"eq": "Rome"}}, {"sea"}),
    ({"city": {"eq": None}}, {"clip", "archived"}),
    ({"city": {"ne": "Rome"}}, {"emile", "clip", "archived"}),
    ({"city": {"ne": None}}, {"sea", "emile"}),
    ({"city": {"in": ["Rome", "Paris"], "ne": "Rome"}}, {"emile"}),
    ({"city": {"notIn": ["Rome"]}}, {"emile", "clip", "archived"}),
    ({"rating": {"gte": 4, "lt": 5}}, {"sea"}),
    ({"rating": {"eq": None}}, {"emile", "clip", "archived"}),
    ({"fileSizeInBytes": {"gt": 1000, "lte": 2000}}, {"emile"}),
    ({"fileSizeInBytes": {"in": [1000]}}, {"sea"}),
    ({"description": {"like": "SEA"}}, {"sea"}),
    ({"description": {"notLike": "sea"}}, {"emile", "clip", "archived"}),
    ({"description": {"eq": None}}, {"emile", "clip", "archived"}),
    ({"description": {"eq": ""}}, {"emile", "clip", "archived"}),
    ({"description": {"ne": None}}, {"sea"}),
    ({"description": {"ne": ""}}, {"sea"}),
    ({"description": {"ne": "The sea"}}, {"emile", "clip", "archived"}),
    ({"description": {"in": ["", "x"]}}, {"emile", "clip", "archived"}),
    ({"description": {"in": ["", "The sea"]}}, {"sea", "emile", "clip", "archived"}),
    ({"description": {"notIn": [""]}}, {"sea"}),
    ({"description": {"notIn": ["x"]}}, {"sea", "emile", "clip", "archived"}),
    ({"originalFileName": {"startsWith": "emile"}}, {"emile"}),
    ({"originalFileName": {"like": "0%"}}, {"emile"}),
    ({"originalFileName": {"endsWith": ".jpg"}}, {"sea", "emile", "archived"}),
    ({"originalFileName": {"endsWith": "_jpg"}}, set()),
    ({"originalFileName": {"like": "0\uff05"}}, {"emile"}),
    ({"originalFileName": {"startsWith": "\ufe6aa"}}, set()),
    ({"originalFileName": {"endsWith": "\uff3fjpg"}}, set()),
    *(({"originalFileName": {"endsWith": slash}}, set()) for slash in "\\\uff3c\ufe68\u2216"),
    ({"originalFileName": {"eq": "sea.jpg"}}, {"sea"}),
    ({"originalPath": {"like": "UPLOAD"}}, {"sea", "emile", "clip", "archived"}),
    ({"isFavorite": {"eq": True}}, {"sea"}),
    ({"isFavorite": {"eq": False}}, {"emile", "clip", "archived"}),
    ({"isMotion": {"eq": True}}, {"sea"}),
    ({"isMotion": {"eq": False}}, {"emile", "clip", "archived"}),
    ({"isOffline": {"eq": False}}, {"sea", "emile", "clip", "archived"}),
    ({"isEncoded": {"eq": True}}, set()),
    ({"encodedVideoPath": {"ne": "x"}}, {"sea", "emile", "clip", "archived"}),
    ({"libraryId": {"eq": None}}, {"sea", "emile", "clip", "archived"}),
    ({"type": {"eq": "VIDEO"}}, {"clip"}),
    ({"type": {"notIn": ["VIDEO"]}}, {"sea", "emile", "archived"}),
    ({"takenAt": {"eq": "2024-05-01T10:00:00.000Z"}}, {"sea"}),
    ({"takenAt": {"gt": "2024-05-01T10:00:00.000Z", "lte": "2024-05-02T12:00:00.000+02:00"}}, {"emile"}),
    ({"takenAt": {"ne": "2024-05-01T10:00:00.000Z", "lt": "2024-05-03T10:00:00.000Z"}}, {"emile"}),
    ({"createdAt": {"lt": "2000-01-01T00:00:00.000Z"}}, set()),
    ({"trashedAt": {"ne": None}}, {"binned"}),
    ({"trashedAt": {"eq": None}, "type": {"eq": "VIDEO"}}, {"clip"}),
    ({"trashedAt": {"gte": "2000-01-01T00:00:00.000Z"}}, {"binned"}),
    ({"visibility": {"eq": "archive"}}, {"archived"}),
    ({"visibility": {"eq": "hidden"}}, {"hidden"}),
    ({"visibility": {"ne": "timeline"}}, {"archived", "hidden"}),
    ({"or": [{"city": {"eq": "Rome"}}, {"type": {"eq": "VIDEO"}}]}, {"sea", "clip"}),
    ({"type": {"eq": "IMAGE"}, "or": [{"rating": {"eq": 4}}, {"visibility": {"eq": "archive"}}]}, {"sea", "archived"}),
    ({"or": [{"trashedAt": {"ne": None}}, {"visibility": {"eq": "hidden"}}]}, {"binned", "hidden"}),
    ({"or": [{"isOffline": {"eq": True}}, {"type": {"eq": "IMAGE"}}]}, {"sea", "emile", "archived"}),
    ({"isOffline": {"eq": False}, "or": [{"type": {"eq": "IMAGE"}}]}, {"sea", "emile", "archived"}),
    ({"type": {"eq": "IMAGE"}, "or": [{"city": {"eq": "Rome"}}, {}]}, {"sea", "emile", "archived"}),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "names"), FILTERS, ids=[str(asked)[:60] for asked, _ in FILTERS])
async def test_filters(library: Library, asked: dict[str, Any], names: set[str]) -> None:
    assert await library.by(**asked) == names


async def test_paths_and_checksums_as_clients_are_shown_them(library: Library) -> None:
    client = await library.host.client("ann")
    sea = expect(await client.get(f"/api/assets/{library.ids['sea']}"), 200)
    assert await library.by(originalPath={"eq": sea["originalPath"]}) == {"sea"}
    folder = sea["originalPath"].rsplit("/", 1)[0]
    assert await library.by(originalPath={"startsWith": folder}) == {"sea"}
    assert await library.by(id={"eq": sea["id"]}) == {"sea"}
    for checksum in (sea["checksum"], (await library.host.kernel.assets.get(library.ids["sea"])).checksum.hex()):  # type: ignore[union-attr]
        assert await library.by(checksum={"in": [checksum]}) == {"sea"}
    with pytest.raises(Refused, match="SHA-1"):
        await library.by(checksum={"eq": "abc"})


async def test_what_is_offline_is_looked_for_in_the_trash_too(library: Library) -> None:
    set_offline = "UPDATE asset SET is_offline = $2 WHERE id = $1"
    await library.host.kernel.db.execute(set_offline, library.ids["binned"], True)
    try:
        assert await library.find({"isOffline": True}) == {"binned"}
        assert await library.by(isOffline={"eq": True}) == {"binned"}
        assert await library.by(**{"or": [{"isOffline": {"eq": True}}, {"type": {"eq": "VIDEO"}}]}) == {
            "binned",
            "clip",
        }
        assert await library.by(isOffline={"eq": True}, **{"or": [{"type": {"eq": "IMAGE"}}, {}]}) == {"binned"}
    finally:
        await library.host.kernel.db.execute(set_offline, library.ids["binned"], False)


@pytest.mark.parametrize(
    ("field", "rows", "index"),
    [
        ("originalFileName", "asset", "asset_file_name_trigrams"),
        ("description", "asset_exif AS exif", "search_description"),
    ],
)
async def test_parts_of_texts_are_looked_up_in_an_index(library: Library, field: str, rows: str, index: str) -> None:
    found, db = Conditions(), library.host.kernel.db
    branch = SearchFilterBranch.model_validate({field: {"like": "émile's 100%"}})
    Compiler(library.host.kernel.files.media_root, library.ann.user_id).add(found, branch, {})
    async with db.transaction():
        await db.execute("SET LOCAL enable_seqscan = off")  # few rows are quickest read one by one
        plan = await db.fetch(f"EXPLAIN SELECT FROM {rows} WHERE {found.where}", *found.args)
    assert any(index in row[0] for row in plan), plan


async def test_the_locked_folder_needs_an_unlocked_session_and_to_be_named(library: Library) -> None:
    unlocked = replace(library.ann, elevated=True)
    for body in ({"visibility": "locked"}, {"filter": {"or": [{"visibility": {"in": ["locked"]}}]}}):
        with pytest.raises(Refused) as refused:
            await library.find(body)
        assert refused.value.status == 401
        assert await library.find(body, unlocked) == {"locked"}
    assert "locked" not in await library.find({"filter": {"visibility": {"ne": "timeline"}}}, unlocked)
    assert await library.find({"visibility": "locked"}, replace(library.ben, elevated=True)) == set()


async def test_moments_are_those_that_clients_are_told(library: Library) -> None:
    moment = datetime(2024, 5, 1, 10, 0, 0, 123456, UTC)
    await library.host.kernel.assets.update(library.ids["clip"], file_created_at=moment)
    told = "2024-05-01T10:00:00.123Z"
    for operator, is_found in (("eq", True), ("lte", True), ("gte", True), ("lt", False), ("gt", False), ("ne", False)):
        assert ("clip" in await library.by(takenAt={operator: told})) is is_found, operator


async def test_what_nobody_answers_for_is_refused(library: Library) -> None:
    for asked in ({"hasTags": {"eq": True}}, {"or": [{"ocr": {"matches": "exit"}}]}):
        with pytest.raises(Refused, match=r"Nothing here knows about (hasTags|ocr)"):
            await library.by(**asked)
