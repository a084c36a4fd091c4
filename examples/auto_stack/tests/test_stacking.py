"""In a real host: names, bursts, undoing, and what people do themselves."""

import asyncio
import itertools
import subprocess
from uuid import UUID

import pytest

from immich_auto_stack.settings import AutoStack

counter = itertools.count()


@pytest.fixture
async def running(host):
    return await host(plugins=["auto_stack"])


async def upload(running, *names: str, user: str = "admin", at: str = "2024-05-01T10:11:12.000Z"):
    content = [f"photo {next(counter)}".encode() for _ in names]
    return [
        str(await running.upload(data, name=name, user=user, fileCreatedAt=at, fileModifiedAt=at))
        for name, data in zip(names, content, strict=True)
    ]


async def mine(running, user: str = "admin"):
    client = await running.client(user)
    answer = await client.get("/api/plugins/auto_stack/stacks")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def in_stacks(running) -> int:
    return await running.kernel.db.fetchval("SELECT count(*) FROM asset WHERE stack_id IS NOT NULL")


async def run(running, user: str = "admin", **body) -> int:
    client = await running.client(user)
    answer = await client.post("/api/plugins/auto_stack/run", json=body)
    assert answer.status_code == 202, answer.text
    await running.drain()
    return answer.json()["count"]


async def test_a_pair_is_stacked_and_the_timeline_shows_the_picture(running):
    raw, picture, _ = await upload(running, "DSC_1.NEF", "dsc_1.jpg", "DSC_2.jpg")
    await running.drain()
    (stack,) = await mine(running)
    assert stack["primaryAssetId"] == picture
    assert set(stack["assetIds"]) == {raw, picture}
    assert stack["rules"] == ["raw_pair"]
    client = await running.client()
    bucket = await client.get("/api/timeline/bucket", params={"timeBucket": "2024-05-01", "withStacked": "true"})
    assert picture in bucket.json()["id"]
    assert raw not in bucket.json()["id"]


async def test_twice_is_as_good_as_once(running):
    await upload(running, "a.nef", "a.jpg")
    await running.drain()
    before = await mine(running)
    rows = "SELECT id, update_id FROM asset ORDER BY id"
    written = await running.kernel.db.fetch(rows)
    ids = [row["id"] for row in written]
    assert await running.kernel.jobs.request_many("auto_stack.stack", ids) == 2
    await running.drain()
    assert await mine(running) == before
    assert await running.kernel.db.fetch(rows) == written


async def test_a_late_photo_joins_its_stack(running):
    await upload(running, "a.nef")
    await upload(running, "a.heic")
    await running.drain()
    (before,) = await mine(running)
    (late,) = await upload(running, "a.jpg")
    await running.drain()
    (after,) = await mine(running)
    assert after["id"] == before["id"]
    assert set(after["assetIds"]) == {*before["assetIds"], late}


async def test_a_burst_whose_id_is_read_from_the_files(host):
    running = await host(plugins=["metadata", "auto_stack"])
    made = running.kernel.runtime.media_folder / "burst.jpg"
    for number in range(3):
        made.write_bytes(JPEG)
        tags = ["-XMP-GCamera:BurstID=one", f"-DateTimeOriginal=2024:05:01 10:00:0{number * 4}", f"-Comment={number}"]
        command = [str(running.kernel.binaries.exiftool), "-q", "-overwrite_original", *tags, str(made)]
        await asyncio.to_thread(subprocess.run, command, check=True)
        await running.upload(made, name=f"PXL_{number}.jpg")
    await running.drain()
    (stack,) = await mine(running)
    assert len(stack["assetIds"]) == 3
    assert stack["primaryAssetId"] == stack["assetIds"][0]
    assert stack["rules"] == ["burst"]


async def test_a_burst_by_time_when_the_rule_is_on(running):
    await running.configure(AutoStack(bursts_by_time=True))
    ids = [
        (await upload(running, f"{n}.jpg", at=f"2024-05-01T10:00:{n:02}.000Z"))[0] for n in (1, 2, 3, 30)
    ]  # fmt: skip
    for asset_id in ids:
        await running.kernel.assets.write_exif(UUID(asset_id), make="Canon", model="R5")
    await run(running)
    (stack,) = await mine(running)
    assert stack["assetIds"] == ids[:3]


async def test_undone_stays_undone_until_it_is_asked_for(running):
    await upload(running, "a.nef", "a.jpg")
    await upload(running, "b.nef", "b.jpg")
    await running.drain()
    first, second = await mine(running)
    client = await running.client()
    assert (await client.delete(f"/api/plugins/auto_stack/stacks/{first['id']}")).status_code == 204
    assert (await client.delete(f"/api/plugins/auto_stack/stacks/{first['id']}")).status_code == 404
    assert await run(running) == 0
    assert await mine(running) == [second]
    assert (await client.delete("/api/plugins/auto_stack/stacks")).json() == {"count": 1}
    assert await in_stacks(running) == 0
    assert await run(running) == 0
    assert await run(running, forgetUndone=True) == 4
    assert len(await mine(running)) == 2


async def test_what_a_person_stacked_is_left_alone(running):
    await running.turn_off("auto_stack")
    raw, picture, other = [UUID(each) for each in await upload(running, "a.nef", "a.jpg", "z.jpg")]
    by_hand = await running.kernel.stacks.stack([other, picture])
    await running.turn_on("auto_stack")
    await run(running)
    await running.kernel.jobs.request_many("auto_stack.stack", [raw, picture, other])
    await running.drain()
    assert await mine(running) == []
    row = await running.kernel.db.fetchrow("SELECT id, primary_asset_id FROM stack")
    assert tuple(row) == (by_hand, other)
    assert await in_stacks(running) == 2


async def test_the_shown_photo_that_a_person_chose_stays(running):
    raw, picture = [UUID(each) for each in await upload(running, "a.nef", "a.jpg")]
    await running.drain()
    await running.kernel.stacks.stack([raw, picture])
    await upload(running, "a.heic")
    await running.drain()
    (stack,) = await mine(running)
    assert stack["primaryAssetId"] == str(raw)
    assert len(stack["assetIds"]) == 3


async def test_owners_do_not_meet(running):
    await upload(running, "a.nef", user="ann")
    await upload(running, "a.jpg", user="ben")
    await upload(running, "b.nef", "b.jpg", user="ann")
    await running.drain()
    (stack,) = await mine(running, "ann")
    assert await mine(running, "ben") == []
    ben = await running.client("ben")
    assert (await ben.delete(f"/api/plugins/auto_stack/stacks/{stack['id']}")).status_code == 404
    assert (await ben.delete("/api/plugins/auto_stack/stacks")).json() == {"count": 0}
    assert await mine(running, "ann") == [stack]


async def test_what_is_left_after_a_deletion_is_free_again(running):
    raw, picture = await upload(running, "a.nef", "a.jpg")
    await running.drain()
    client = await running.client()
    assert (await client.request("DELETE", "/api/assets", json={"ids": [picture], "force": True})).status_code == 204
    await running.drain()
    assert await mine(running) == []
    (again,) = await upload(running, "a.jpg")
    await running.drain()
    (stack,) = await mine(running)
    assert set(stack["assetIds"]) == {raw, again}


async def test_off_is_404_and_nothing_is_stacked(running):
    await running.turn_off("auto_stack")
    await upload(running, "a.nef", "a.jpg")
    await running.drain()
    client = await running.client()
    assert (await client.get("/api/plugins/auto_stack/stacks")).status_code == 404
    assert await in_stacks(running) == 0
    await running.turn_on("auto_stack")
    assert await run(running) == 2
    assert len(await mine(running)) == 1


JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300" + "01" * 64 + "ffc0000b080001000101011100"
    "ffc40014000100000000000000000000000000000009ffc40014100100000000000000000000000000000000"
    "ffda0008010100003f0054ffd9"
)
"""One grey pixel."""
