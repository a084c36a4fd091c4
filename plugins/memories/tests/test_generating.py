"""What the night makes: once, of the right photos, for those who want it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from immich_host.db.database import Database
from immich_host.settings.store import NightlyTasksSection
from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from immich_memories.days import pairs
from immich_memories.making_store import make
from plugins.memories.tests.conftest import earlier, today

type MakeUser = Callable[[str], Awaitable[Any]]
type Night = Callable[[str], Awaitable[None]]


def ids(memory: dict[str, Any]) -> list[str]:
    return [asset["id"] for asset in memory["assets"]]


async def test_each_earlier_year_is_a_memory_of_its_day(user: MakeUser, night: Night) -> None:
    ann, ben = await user("ann"), await user("ben")
    late, early = await ann.photo(earlier(2), hour=20), await ann.photo(earlier(2), hour=8)
    other = await ann.photo(earlier(1))
    await ann.photo(today())
    await ann.photo(earlier(1) + timedelta(days=20))
    await night("generate")
    first, second = await ann.listed()
    assert (ids(first), ids(second)) == ([str(other)], [str(early), str(late)])
    day, year = today().isoformat(), earlier(1).year
    assert {name: first[name] for name in first.keys() - {"id", "createdAt", "updatedAt", "assets"}} == {
        "ownerId": str(ann.id), "type": "on_this_day", "data": {"year": year}, "isSaved": False,
        "memoryAt": f"{earlier(1)}T00:00:00.000Z", "showAt": f"{day}T00:00:00.000Z", "hideAt": f"{day}T23:59:59.999Z",
    }  # fmt: skip
    assert await ben.listed() == []


async def test_missed_days_are_made_up_for_and_some_days_are_ahead(user: MakeUser, night: Night) -> None:
    cat = await user("cat")
    for offset in range(-4, 5):
        await cat.photo(earlier(1, today() + timedelta(days=offset)))
    await night("generate")
    shown = sorted(memory["showAt"][:10] for memory in await cat.listed())
    assert shown == [(today() + timedelta(days=offset)).isoformat() for offset in range(-3, 4)]
    assert [memory["showAt"][:10] for memory in await cat.listed(**{"for": today().isoformat()})] == [
        today().isoformat()
    ]
    assert len(await cat.listed(isUpcoming="true")) == 3


async def test_only_the_timeline_and_what_has_a_preview(user: MakeUser, night: Night) -> None:
    dan = await user("dan")
    kept = await dan.photo()
    await dan.photo(preview=False)
    for place in ("archive", "hidden", "locked"):
        await dan.photo(visibility=place)
    await dan.delete(await dan.photo())
    await night("generate")
    (memory,) = await dan.listed()
    assert ids(memory) == [str(kept)]


async def test_of_many_photos_twenty_and_favourites_first(user: MakeUser, night: Night) -> None:
    eve = await user("eve")
    photos = [await eve.photo(hour=n) for n in range(22)]
    liked = await eve.photo(hour=23, isFavorite="true")
    await night("generate")
    (memory,) = await eve.listed()
    assert ids(memory) == [*map(str, photos[:19]), str(liked)]


async def test_however_often_and_by_how_many_there_are_no_doubles(
    user: MakeUser, house: RunningHost, night: Night
) -> None:
    fay = await user("fay")
    for years in (1, 2, 3):
        await fay.photo(earlier(years))
    db, wanted = house.kernel.db, pairs(today())
    made = await asyncio.gather(*(make(db, fay.id, wanted) for _ in range(5)))
    assert sorted(made) == [0, 0, 0, 0, 3]
    await night("generate")
    assert len(await fay.listed()) == 3


async def test_what_was_deleted_is_not_made_again_and_what_comes_later_is(user: MakeUser, night: Night) -> None:
    gil = await user("gil")
    await gil.photo(earlier(1))
    await night("generate")
    (memory,) = await gil.listed()
    expect(await gil.client.delete(f"/api/memories/{memory['id']}"), 204)
    late = await gil.photo(earlier(3))
    await night("generate")
    (found,) = await gil.listed()
    assert ids(found) == [str(late)]


async def test_users_who_do_not_want_memories_get_none_until_they_do(user: MakeUser, night: Night) -> None:
    hal = await user("hal")
    await hal.photo()
    for wanted, amount in ((False, 0), (True, 1)):
        expect(await hal.client.put("/api/users/me/preferences", json={"memories": {"enabled": wanted}}), 200)
        await night("generate")
        assert len(await hal.listed()) == amount


async def test_photos_cost_no_statements(user: MakeUser, night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    real = Database.fetchval

    async def fetchval(self: Database, sql: str, *args: Any) -> Any:
        ran.append(sql)
        return await real(self, sql, *args)

    ida = await user("ida")
    monkeypatch.setattr(Database, "fetchval", fetchval)
    for amount in (1, 12):
        for years in range(1, amount + 1):
            await ida.photo(earlier(years))
        ran.clear()
        await night("generate")
        users = len(expect(await (await user("admin")).client.get("/api/users"), 200))
        assert len([sql for sql in ran if "memories_made" in sql]) == users
    assert len(await ida.listed()) == 12


async def test_the_night_asks_for_both_jobs_by_their_switches(house: RunningHost) -> None:
    kernel = house.kernel
    off = dict.fromkeys(NightlyTasksSection.model_fields.keys() - {"start_time"}, False)
    for switch, job in (("generate_memories", "memories.generate"), ("database_cleanup", "memories.tidy")):
        await house.drain()
        await house.configure(NightlyTasksSection(**{**off, switch: True}))
        row_id = await kernel.jobs.request("host.nightly")
        assert row_id is not None
        await kernel.job_room.executor.execute(row_id)
        rows = await kernel.db.fetch("SELECT job FROM job_request WHERE job LIKE 'memories.%'")
        assert [row["job"] for row in rows] == [job]


async def test_an_administrator_can_have_them_made(user: MakeUser, house: RunningHost) -> None:
    kim, admin = await user("kim"), await user("admin")
    await kim.photo()
    expect(await admin.client.post("/api/jobs", json={"name": "memory-create"}), 204)
    await house.drain()
    assert len(await kim.listed()) == 1
    await house.kernel.db.execute("UPDATE memory SET created_at = '2020-01-01' WHERE owner_id = $1", kim.id)
    expect(await admin.client.post("/api/jobs", json={"name": "memory-cleanup"}), 204)
    await house.drain()
    assert await kim.listed() == []
