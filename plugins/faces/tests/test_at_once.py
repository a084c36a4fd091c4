"""Two who change the same people and faces at the same time: nobody's work is lost, and neither waits for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from immich_faces import cluster, group_store, people, people_jobs, people_store
from immich_faces.cluster_run import Result
from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from immich_host.testing.waiting import PATIENCE

type MakeUser = Callable[[str], Awaitable[Any]]

FEATURE = "SELECT face_asset_id FROM person WHERE id = $1"
WAITS = "SELECT true FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1"


@pytest.mark.parametrize("way", ["given", "taken away"])
async def test_a_face_that_changes_hands_meanwhile_leaves_no_picture_behind(
    user: MakeUser, house: RunningHost, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Whoever has it by then loses it, and the picture with it."""
    ann = await user(f"ann{len(way)}")
    kim, lee, mo = [await ann.person(name) for name in ("Kim", "Lee", "Mo")]
    face_id = await ann.face(await ann.photo(), kim)
    owned, moved = people_store.owned, []

    async def move_first(*arguments: Any, **options: Any) -> Any:
        if not moved:
            moved.append(True)
            expect(await ann.client.put(f"/api/faces/{mo}", json={"id": str(face_id)}), 200)
        return await owned(*arguments, **options)

    monkeypatch.setattr(people_store, "owned", move_first)
    if way == "given":
        expect(await ann.client.put(f"/api/faces/{lee}", json={"id": str(face_id)}), 200)
    else:
        expect(await ann.client.request("DELETE", f"/api/faces/{face_id}", json={"force": False}), 204)
    db = house.kernel.db
    expected = [None, face_id if way == "given" else None, None]
    assert [await db.fetchval(FEATURE, person) for person in (kim, lee, mo)] == expected


async def test_a_picture_of_a_face_that_is_not_theirs_is_put_right(user: MakeUser, house: RunningHost) -> None:
    bob = await user("bob")
    kim, lee, mo = await bob.person("Kim", photos=1), await bob.person("Lee", photos=1), await bob.person("Mo")
    db = house.kernel.db
    own = await db.fetchval(FEATURE, kim)
    strange = await db.fetchval(FEATURE, lee)
    await db.execute("UPDATE person SET face_asset_id = $2, thumbnail_path = 'thumbs/x' WHERE id = $1", kim, strange)
    await db.execute("UPDATE person SET thumbnail_path = 'thumbs/y' WHERE id = $1", mo)
    await house.kernel.jobs.request("faces.settle", owner_id=bob.id)
    await run(house, "faces.settle")
    assert await db.fetchval(FEATURE, kim) == own
    assert await db.fetchval("SELECT thumbnail_path FROM person WHERE id = $1", mo) == ""


async def run(house: RunningHost, job: str) -> None:
    """Run one job alone: what it asks for waits."""
    request = await house.kernel.db.fetchval("SELECT id FROM job_request WHERE job = $1", job)
    await house.kernel.db.execute("UPDATE job_request SET run_at = now() WHERE id = $1", request)
    await house.kernel.job_room.executor.execute(request, retry=False)


async def test_who_has_just_been_given_a_face_is_not_cleared_away(user: MakeUser, house: RunningHost) -> None:
    cat = await user("cat")
    kim, lee = await cat.person("Kim", photos=1), await cat.person("Lee")
    assert await people.delete_unseen(house.kernel, [kim, lee]) == 1
    left = await house.kernel.db.fetch("SELECT id FROM person WHERE owner_id = $1", cat.id)
    assert [row["id"] for row in left] == [kim]


async def test_the_answer_to_giving_a_face_is_the_person_as_it_is_then(user: MakeUser) -> None:
    dan = await user("dan")
    lee, face_id = await dan.person("Lee"), await dan.face(await dan.photo(), await dan.person("Kim"))
    given = expect(await dan.client.put(f"/api/faces/{lee}", json={"id": str(face_id)}), 200)
    assert given == expect(await dan.client.get(f"/api/people/{lee}"), 200)


@pytest.mark.parametrize("work", ["clustering", "pictures", "parting", "clearing away"])
async def test_people_are_held_in_one_order(user: MakeUser, house: RunningHost, work: str) -> None:
    """Somebody holds the first person, and then wants the other: whoever has only the other would block them."""
    number = len(work)
    eve, other = await user(f"eve{number}"), await user(f"other{number}")
    first, second = UUID(int=number), UUID(int=2**100 + number)
    db, identity = house.kernel.db, uuid4()
    for person_id, owner in ((second, eve.id), (first, eve.id), (uuid4(), other.id)):
        sql = "INSERT INTO person (id, owner_id, identity_id, thumbnail_path) VALUES ($1, $2, $3, 'thumbs/z')"
        await db.execute(sql, person_id, owner, identity)
    if work in {"clustering", "pictures"}:
        face_id = await eve.face(await eve.photo(), second)

    async def carry_out() -> None:
        if work == "pictures":
            await people_jobs._pictures(Context(house.kernel), eve.id)  # type: ignore[arg-type]
        elif work == "clearing away":
            await people.delete_unseen(house.kernel, [second, first])
        else:
            async with db.transaction():
                if work == "parting":
                    await group_store.part(db, eve.id)
                else:
                    result = Result([(face_id, second, None)], [], [(first, uuid4())], [], [], 1)
                    await cluster._save(house.kernel, uuid4(), result)

    somebody = await asyncpg.connect(house.kernel.runtime.database_url)
    try:
        async with asyncio.timeout(PATIENCE):
            async with somebody.transaction():
                await somebody.execute("SELECT FROM person WHERE id = $1 FOR UPDATE", first)
                working = asyncio.create_task(carry_out())
                while not await somebody.fetchval(WAITS):  # noqa: ASYNC110 - there is nothing but the row
                    await asyncio.sleep(0.01)
                await somebody.execute("SELECT FROM person WHERE id = $1 FOR UPDATE", second)
            await working
    finally:
        await somebody.close()


class Context:
    """What a job is told, as far as pictures ask for it."""

    force, cause = False, "test"

    def __init__(self, host: Any) -> None:
        self.host = host

    async def progress(self, *_: int) -> None:
        """Nobody looks."""
