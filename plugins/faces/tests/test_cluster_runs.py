"""Telling faces apart in a database: in whatever order and number they come, and whoever comes between."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from immich_faces import cluster_store
from immich_faces.settings import FacialRecognition
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import running_host
from immich_host.testing.host import expect
from immich_host.testing.waiting import PATIENCE
from plugins.faces.tests.crowds import PLUGINS, Photo, crowd, parts, put_in, run_what_waits, told_apart

if TYPE_CHECKING:
    from immich_host.testing.servers import Servers
PROGRAM = "plugins.faces.tests.crowds"
ROOT = Path(__file__).parents[3]
ASKED = "SELECT true FROM job_request WHERE job = 'faces.cluster' LIMIT 1"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(servers: "Servers", tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHost]:
    """One host for all tests of this file: each takes users of its own."""
    async with running_host(servers, tmp_path_factory.mktemp("runs") / "data", PLUGINS) as running:
        yield running


async def group_of(house: RunningHost, user: str) -> UUID:
    return await house.kernel.db.fetchval(
        'SELECT cluster_group_id FROM "user" WHERE id = $1', await house.user_id(user)
    )


async def cluster(house: RunningHost, user: str, *, force: bool = False) -> None:
    await house.kernel.jobs.request("faces.cluster", group_id=await group_of(house, user), force=force)
    await settled(house)


async def settled(house: RunningHost) -> None:
    """Run the clusterings that wait; the pictures of people have no photos to be cut out of."""
    await house.kernel.db.execute("DELETE FROM job_request WHERE job <> 'faces.cluster'")
    await run_what_waits(house.kernel)
    await house.kernel.db.execute("DELETE FROM job_request WHERE job <> 'faces.cluster'")
    failed = await house.kernel.db.fetch("SELECT error FROM job_request WHERE failed_at IS NOT NULL")
    assert [row["error"] for row in failed] == []


def renamed(photos: list[Photo]) -> list[Photo]:
    """The same faces in other photos."""
    return [Photo(uuid4(), photo.people, photo.vectors) for photo in photos]


def places(faces: dict[tuple[UUID, int], UUID | None], photos: list[Photo]) -> dict[Any, UUID | None]:
    """Photos by their place in the list, so that those of two users compare."""
    numbers = {photo.id: number for number, photo in enumerate(photos)}
    return {(numbers[asset_id], place): person for (asset_id, place), person in faces.items()}


async def test_people_are_those_of_whom_the_faces_were_made(house: RunningHost) -> None:
    photos, owner = renamed(crowd(120, 8)), await house.user_id("ann")
    await put_in(house.kernel, owner, photos)
    await settled(house)
    found = await told_apart(house.kernel, owner)
    made = {(photo.id, place): person for photo in photos for place, person in enumerate(photo.people)}
    assert len(parts(found)) == 8
    assert {frozenset(face for face in made if made[face] == person) for person in range(8)} == parts(found)


@pytest.mark.parametrize("step", [1, 9, 40])
async def test_the_result_does_not_depend_on_how_they_come(house: RunningHost, step: int) -> None:
    """People who look so alike that what must not be joined decides."""
    photos = renamed(crowd(40, 5, alike=0.55, spread=0.12, seed=step))
    owner, name = await house.user_id(f"bob{step}"), f"bob{step}"
    order = photos[::-1] if step == 9 else photos
    for start in range(0, len(order), step):
        await put_in(house.kernel, owner, order[start : start + step])
        await settled(house)
    little_by_little = parts(await told_apart(house.kernel, owner))
    assert len(little_by_little) > 1
    await cluster(house, name, force=True)
    assert parts(await told_apart(house.kernel, owner)) == little_by_little
    for faces in little_by_little:
        assert len({asset_id for asset_id, _ in faces}) == len(faces), "never two in one photo"


async def test_again_is_as_good_as_once(house: RunningHost) -> None:
    owner = await house.user_id("cid")
    await put_in(house.kernel, owner, renamed(crowd(40, 4)))
    await settled(house)
    before = await told_apart(house.kernel, owner)
    written = await house.kernel.db.fetchval("SELECT max(update_id::text) FROM asset_face")
    await cluster(house, "cid")
    assert await told_apart(house.kernel, owner) == before
    assert await house.kernel.db.fetchval("SELECT max(update_id::text) FROM asset_face") == written, (
        "nothing is written"
    )
    await cluster(house, "cid", force=True)
    assert parts(await told_apart(house.kernel, owner)) == parts(before)


async def test_people_go_with_their_last_face_but_for_those_with_a_name(house: RunningHost) -> None:
    owner, client = await house.user_id("dan"), await house.client("dan")
    photos = renamed(crowd(30, 2))
    await put_in(house.kernel, owner, photos)
    await settled(house)
    people = sorted({person for person in (await told_apart(house.kernel, owner)).values() if person})
    assert len(people) == 2
    expect(await client.put(f"/api/people/{people[0]}", json={"name": "Kim"}), 200)
    await house.kernel.db.execute("DELETE FROM asset WHERE owner_id = $1 AND id <> $2", owner, photos[0].id)
    await cluster(house, "dan")
    left = await house.kernel.db.fetch("SELECT id FROM person WHERE owner_id = $1", owner)
    assert [row["id"] for row in left] == [people[0]]


async def test_people_with_names_stay_themselves_whatever_connects_them(house: RunningHost) -> None:
    """Faces between two named people go to the nearer one; a rerun moves nobody."""
    owner, client = await house.user_id("eve"), await house.client("eve")
    await put_in(house.kernel, owner, on_circle(*range(0, 30, 5)) + on_circle(*range(100, 130, 5)))
    await settled(house)
    kim, lou = sorted(
        {person for person in (await told_apart(house.kernel, owner)).values() if person},
        key=lambda person: str(person),
    )
    for person, name in ((kim, "Kim"), (lou, "Lou")):
        expect(await client.put(f"/api/people/{person}", json={"name": name}), 200)
    before = await told_apart(house.kernel, owner)
    between = on_circle(*range(35, 100, 5))
    await put_in(house.kernel, owner, between)
    await settled(house)
    after = await told_apart(house.kernel, owner)
    assert before.items() <= after.items()
    assert {after[photo.id, 0] for photo in between} <= {kim, lou}
    assert await house.kernel.db.fetchval("SELECT count(*) FROM person WHERE owner_id = $1", owner) == 2


def on_circle(*degrees: float) -> list[Photo]:
    """Photos with one face each; those within 60 degrees of each other are near."""
    import math

    return [
        Photo(uuid4(), [0], [str([math.cos(math.radians(each)), math.sin(math.radians(each))])]) for each in degrees
    ]


async def test_one_correction_does_not_take_the_others_along(house: RunningHost) -> None:
    """Who gives one face of a person to somebody else has seen that the others are right."""
    owner, client = await house.user_id("fay"), await house.client("fay")
    photos = on_circle(*range(0, 40, 4))
    await put_in(house.kernel, owner, photos)
    await settled(house)
    (kim,) = set((await told_apart(house.kernel, owner)).values())
    lou = expect(await client.post("/api/people", json={"name": "Lou"}), 201)["id"]
    (face,) = expect(await client.get("/api/faces", params={"id": str(photos[5].id)}), 200)
    expect(await client.put(f"/api/faces/{lou}", json={"id": face["id"]}), 200)
    later = on_circle(100, 21)
    await put_in(house.kernel, owner, later)
    await cluster(house, "fay")
    found = await told_apart(house.kernel, owner)
    assert found[photos[5].id, 0] == UUID(lou)
    assert {found[photo.id, 0] for photo in photos if photo is not photos[5]} == {kim}
    assert found[later[1].id, 0] == UUID(lou), "one that is nearest to it follows"
    assert found[later[0].id, 0] is None


async def test_two_people_that_were_merged_stay_one(house: RunningHost) -> None:
    owner, client = await house.user_id("gus"), await house.client("gus")
    await put_in(house.kernel, owner, on_circle(0, 5, 10, 15) + on_circle(150, 155, 160))
    await settled(house)
    kim, lou = set((await told_apart(house.kernel, owner)).values())
    expect(await client.post(f"/api/people/{kim}/merge", json={"ids": [str(lou)]}), 200)
    for force in (False, True):
        await cluster(house, "gus", force=force)
        assert set((await told_apart(house.kernel, owner)).values()) == {kim}


@pytest.mark.parametrize("is_shown", [False, True])
async def test_nobody_is_in_a_photo_from_before_their_birth(house: RunningHost, is_shown: bool) -> None:
    name = f"hal{is_shown}"
    owner, client = await house.user_id(name), await house.client(name)
    photos, before = on_circle(0, 5, 10, 15), on_circle(12)
    await put_in(house.kernel, owner, photos + before)
    await house.kernel.db.execute(
        "UPDATE asset SET local_date_time = '2019-01-01T00:00:00Z' WHERE id = $1", before[0].id
    )
    await settled(house)
    (kim,) = set((await told_apart(house.kernel, owner)).values())
    await house.kernel.db.execute(
        "UPDATE person SET face_asset_id = (SELECT id FROM asset_face WHERE asset_id = $2) WHERE id = $1",
        kim,
        (before if is_shown else photos)[0].id,
    )
    expect(await client.put(f"/api/people/{kim}", json={"name": "Kim", "birthDate": "2020-05-01"}), 200)
    early = on_circle(7)
    await put_in(house.kernel, owner, early)
    await house.kernel.db.execute(
        "UPDATE asset SET local_date_time = '2019-01-01T00:00:00Z' WHERE id = $1", early[0].id
    )
    await cluster(house, name)
    found = await told_apart(house.kernel, owner)
    assert {found[photo.id, 0] for photo in early + before} == {None}
    assert {found[photo.id, 0] for photo in photos} == {kim}


@pytest.mark.parametrize(("visibility", "are_people"), [("archive", False), ("locked", False), ("hidden", False)])
async def test_only_the_timeline_makes_people(house: RunningHost, visibility: str, are_people: bool) -> None:
    owner = await house.user_id(f"ida{visibility}")
    photos = on_circle(0, 5, 10, 15)
    await put_in(house.kernel, owner, photos)
    await house.kernel.db.execute("UPDATE asset SET visibility = $2 WHERE owner_id = $1", owner, visibility)
    await settled(house)
    assert any((await told_apart(house.kernel, owner)).values()) is are_people
    await house.kernel.db.execute("UPDATE asset SET visibility = 'timeline' WHERE owner_id = $1", owner)
    await cluster(house, f"ida{visibility}")
    assert all((await told_apart(house.kernel, owner)).values())


async def test_the_trash_changes_nobody(house: RunningHost) -> None:
    owner = await house.user_id("jim")
    photos = on_circle(0, 5, 10)
    await put_in(house.kernel, owner, photos)
    await settled(house)
    before = await told_apart(house.kernel, owner)
    await house.kernel.db.execute("UPDATE asset SET deleted_at = now(), status = 'trashed' WHERE id = $1", photos[0].id)
    await cluster(house, "jim")
    assert await told_apart(house.kernel, owner) == before


async def noted(house: RunningHost, user: str) -> tuple[int, bool]:
    """How many notes about faces that have gone there are, and whether some have since all were looked at."""
    row = await house.kernel.db.fetchrow(
        """SELECT (SELECT count(*) FROM faces_gone WHERE cluster_group_id = $1) AS gone, is_loose
           FROM faces_clustering WHERE cluster_group_id = $1""",
        await group_of(house, user),
    )
    return row["gone"], row["is_loose"]


async def by_night(house: RunningHost) -> None:
    """Start the queue as the night does."""
    await house.kernel.db.execute("DELETE FROM job_request")
    await house.kernel.job_room.commands.start("facialRecognition", "missing")
    (asked,) = await house.kernel.db.fetch("SELECT id FROM job_request WHERE job = 'faces.recognise'")
    await house.kernel.job_room.executor.execute(asked["id"], retry=False)
    await settled(house)


@pytest.mark.parametrize("by", ["deleting the photo", "taking the face away", "hiding the photo"])
async def test_when_a_face_goes_those_that_it_held_together_are_looked_at(house: RunningHost, by: str) -> None:
    name = f"rob{len(by)}"
    owner, client = await house.user_id(name), await house.client(name)
    few, many = on_circle(0, 5, 10), on_circle(180, 185, 190, 195)
    await put_in(house.kernel, owner, few + many)
    await settled(house)
    before = await told_apart(house.kernel, owner)
    if by == "taking the face away":
        (face,) = expect(await client.get("/api/faces", params={"id": str(few[0].id)}), 200)
        expect(await client.request("DELETE", f"/api/faces/{face['id']}", json={"force": False}), 204)
    elif by == "hiding the photo":
        await house.kernel.db.execute("UPDATE asset SET visibility = 'hidden' WHERE id = $1", few[0].id)
    else:
        await house.kernel.db.execute("DELETE FROM asset WHERE id = $1", few[0].id)
    await cluster(house, name)
    after = await told_apart(house.kernel, owner)
    assert {after[photo.id, 0] for photo in few[1:]} == {None}
    assert {after[photo.id, 0] for photo in many} == {before[many[0].id, 0]}
    assert await noted(house, name) == (0, True), "it is remembered for the night"
    await by_night(house)
    assert await noted(house, name) == (0, False)
    assert await told_apart(house.kernel, owner) == after


async def test_after_photos_have_gone_people_are_those_of_the_others(house: RunningHost) -> None:
    photos, owner = renamed(crowd(50, 5, alike=0.5, spread=0.11, seed=3)), await house.user_id("sue")
    await put_in(house.kernel, owner, photos)
    await settled(house)
    for some in (photos[:6], photos[20:24]):
        await house.kernel.db.execute("DELETE FROM asset WHERE id = ANY($1)", [photo.id for photo in some])
        await cluster(house, "sue")
    left = parts(await told_apart(house.kernel, owner))
    assert len(left) > 1
    await cluster(house, "sue", force=True)
    assert parts(await told_apart(house.kernel, owner)) == left


async def test_other_limits_make_other_people(house: RunningHost) -> None:
    owner = await house.user_id("kai")
    await put_in(house.kernel, owner, on_circle(0, 5))
    await settled(house)
    assert set((await told_apart(house.kernel, owner)).values()) == {None}
    await house.configure(FacialRecognition(min_faces=2))
    async with asyncio.timeout(PATIENCE):  # the change is told to every process, this one too
        while not await house.kernel.db.fetchval(ASKED):  # noqa: ASYNC110 - there is nothing but the row
            await asyncio.sleep(0.05)
    await settled(house)
    assert len(set((await told_apart(house.kernel, owner)).values()) - {None}) == 1
    await house.configure(FacialRecognition())
    await cluster(house, "kai")
    assert set((await told_apart(house.kernel, owner)).values()) == {None}


async def test_vectors_of_another_model_are_not_compared(house: RunningHost) -> None:
    owner = await house.user_id("lea")
    photos = on_circle(0, 1, 2)
    await put_in(house.kernel, owner, photos)
    await house.kernel.db.execute(
        "UPDATE face_search SET model = 'other' WHERE face_id IN (SELECT id FROM asset_face WHERE asset_id = $1)",
        photos[0].id,
    )
    await settled(house)
    assert set((await told_apart(house.kernel, owner)).values()) == {None}


async def test_one_vector_of_another_width_stops_nobody(house: RunningHost, caplog: pytest.LogCaptureFixture) -> None:
    owner = await house.user_id("lia")
    photos = on_circle(0, 1, 2, 3)
    await put_in(house.kernel, owner, photos)
    await house.kernel.db.execute(
        """UPDATE face_search SET embedding = '[1,0,0]' WHERE face_id = (
             SELECT min(face.id::text)::uuid FROM asset_face AS face JOIN asset ON asset.id = asset_id
             WHERE owner_id = $1)""",
        owner,
    )
    await settled(house)
    found = list((await told_apart(house.kernel, owner)).values())
    assert (found.count(None), len(set(found))) == (1, 2)
    assert "1 faces are left out" in caplog.text


async def test_who_is_marked_by_a_colour_alone_is_known(house: RunningHost) -> None:
    owner, client = await house.user_id("lex"), await house.client("lex")
    await put_in(house.kernel, owner, on_circle(0, 5, 10))
    await settled(house)
    (kim,) = set((await told_apart(house.kernel, owner)).values())
    expect(await client.put(f"/api/people/{kim}", json={"color": "#4488ff"}), 200)
    await cluster(house, "lex", force=True)
    assert set((await told_apart(house.kernel, owner)).values()) == {kim}
    await house.kernel.db.execute("DELETE FROM asset WHERE owner_id = $1", owner)
    await cluster(house, "lex")
    assert await house.kernel.db.fetchval("SELECT count(*) FROM person WHERE id = $1", kim) == 1


async def test_members_of_a_group_have_people_of_their_own_for_the_same_human(house: RunningHost) -> None:
    ann, ben = await house.user_id("mia"), await house.user_id("max")
    await put_in(house.kernel, ann, on_circle(0, 5))
    await put_in(house.kernel, ben, on_circle(10) + on_circle(180, 185, 190))
    await settled(house)
    assert set((await told_apart(house.kernel, ann)).values()) == {None}
    await house.kernel.users.set_cluster_group(ben, await group_of(house, "mia"))
    await cluster(house, "mia")
    hers, his = await told_apart(house.kernel, ann), await told_apart(house.kernel, ben)
    (one,) = set(hers.values())
    others = set(his.values())
    assert one is not None
    assert None not in others
    assert len(others) == 2
    rows = await house.kernel.db.fetch(
        "SELECT id, owner_id, identity_id FROM person WHERE owner_id = ANY($1)", [ann, ben]
    )
    same = {
        row["owner_id"] for row in rows if row["identity_id"] == next(r["identity_id"] for r in rows if r["id"] == one)
    }
    assert same == {ann, ben}
    assert len({row["identity_id"] for row in rows}) == 2
    await house.kernel.users.set_cluster_group(ben, uuid4())
    await cluster(house, "mia")
    await cluster(house, "max")
    assert set((await told_apart(house.kernel, ann)).values()) == {None}
    left = await house.kernel.db.fetch("SELECT identity_id FROM person WHERE owner_id = ANY($1)", [ann, ben])
    assert len({row["identity_id"] for row in left}) == len(left) == 1
    await cluster_store.forget_groups(house.kernel.db)


async def test_what_somebody_changes_meanwhile_counts(house: RunningHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """A face that is given to somebody between reading and writing stays theirs."""
    from immich_faces import cluster as job

    owner, client = await house.user_id("nia"), await house.client("nia")
    photos = on_circle(0, 5, 10, 15)
    await put_in(house.kernel, owner, photos)
    lou = expect(await client.post("/api/people", json={"name": "Lou"}), 201)["id"]
    (face,) = expect(await client.get("/api/faces", params={"id": str(photos[0].id)}), 200)
    save = job._save

    async def give_first(*arguments: Any) -> None:
        expect(await client.put(f"/api/faces/{lou}", json={"id": face["id"]}), 200)
        await save(*arguments)

    monkeypatch.setattr(job, "_save", give_first)
    await house.kernel.jobs.request("faces.cluster", group_id=await group_of(house, "nia"))
    await settled(house)
    found = await told_apart(house.kernel, owner)
    assert found[photos[0].id, 0] == UUID(lou)


@pytest.mark.timeout(600)
async def test_four_processes_find_what_one_does(house: RunningHost, servers: "Servers", tmp_path: Path) -> None:
    """Each finds some of the faces and tells apart what is there, all at the same time."""
    amount = 80
    owner, alone = await house.user_id("pia"), await house.user_id("quin")
    shared = [house.kernel.runtime.database_url, servers.redis_url, str(tmp_path / "data"), str(owner), str(amount)]
    workers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", PROGRAM, *shared, str(number), "4", stderr=subprocess.PIPE, cwd=ROOT
        )
        for number in range(4)
    ]
    for worker in workers:
        _, said = await worker.communicate()
        assert worker.returncode == 0, said.decode()[-2000:]
    await run_what_waits(house.kernel)
    photos = crowd(amount, 12, alike=0.35)
    by_four = places(await told_apart(house.kernel, owner), photos)
    assert len(by_four) == sum(len(photo.people) for photo in photos)
    mine = renamed(photos)
    await put_in(house.kernel, alone, mine)
    await run_what_waits(house.kernel)
    by_one = places(await told_apart(house.kernel, alone), mine)
    assert parts(by_four) == parts(by_one)
    assert len(parts(by_one)) >= 5
