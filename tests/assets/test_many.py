"""Bulk changes: bounds of dates, clients that meet in the same rows, erasing side by side."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from immich_host.testing.host import RunningHost, expect


@pytest.fixture
async def running(host: Any) -> RunningHost:
    return await host(plugins=[])


@pytest.mark.parametrize(
    "change",
    [
        {"dateTimeRelative": 10**15},
        {"dateTimeRelative": -(10**12)},
        {"dateTimeOriginal": "0001-01-01T00:00:00+14:00"},
        {"dateTimeOriginal": "9999-12-31T23:59:59-12:00"},
        {"timeZone": "UTC+5:99"},
        {"timeZone": "UTC+\uff11"},
        {"timeZone": "UTC+24"},
    ],
)
async def test_dates_that_leave_the_calendar_and_zones_that_are_none(running: RunningHost, change: Any) -> None:
    asset_id = await running.upload(b"1")
    client = await running.client()
    answer = await client.put("/api/assets", json={"ids": [str(asset_id)], **change})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, [next(iter(change))])
    shown = expect(await client.get(f"/api/assets/{asset_id}"), 200)
    assert shown["fileCreatedAt"] == "2024-05-01T10:11:12.345Z"


async def test_only_what_differs_is_written_told_and_locked(running: RunningHost) -> None:
    told: list[tuple[str, list[str]]] = []

    async def listen(*, asset_id: UUID, fields: list[str], cause: str, **_: Any) -> None:
        assert cause == "edit"
        told.append((str(asset_id), fields))

    running.kernel.hosting.listen("asset_changed", listen)
    client, (one, two) = await running.client(), [str(await running.upload(each)) for each in (b"1", b"2")]
    expect(await client.put(f"/api/assets/{one}", json={"description": "x", "isFavorite": True}), 200)
    change = {"ids": [two, one, two], "description": "x", "rating": 3, "isFavorite": True, "dateTimeRelative": 0}
    expect(await client.put("/api/assets", json=change), 204)
    expect(await client.put("/api/assets", json=change), 204)
    await running.kernel.jobs.settle()
    assert sorted(told) == sorted([
        (one, ["description", "is_favorite"]), (one, ["rating"]), (two, ["description", "is_favorite", "rating"]),
    ])  # fmt: skip
    locked = await running.kernel.db.fetch("SELECT locked_properties FROM asset_exif")
    assert [row[0] for row in locked] == [["description", "rating"]] * 2
    shown = expect(await client.get(f"/api/assets/{two}"), 200)
    assert (shown["exifInfo"]["description"], shown["exifInfo"]["rating"], shown["isFavorite"]) == ("x", 3, True)


async def test_two_clients_that_change_the_same_in_opposite_order(running: RunningHost) -> None:
    ids = [str(await running.upload(b"%d" % number)) for number in range(20)]
    one, other = await running.client(), await running.client()

    async def back_and_forth(client: Any, order: list[str], number: int) -> list[int]:
        items = [{"assetId": each, "key": "k", "value": {"n": number}} for each in order]
        keys = {"items": [{"assetId": each, "key": "k"} for each in order]}
        answers = [
            await client.put("/api/assets", json={"ids": order, "description": f"{number}", "isFavorite": True}),
            await client.put("/api/assets/metadata", json={"items": items}),
            await client.request("DELETE", "/api/assets", json={"ids": order}),
            await client.post("/api/trash/restore/assets", json={"ids": order}),
            await client.request("DELETE", "/api/assets/metadata", json=keys),
        ]
        return [answer.status_code for answer in answers]

    rounds = [
        back_and_forth(client, order, number)
        for number in range(6)
        for client, order in ((one, ids), (other, ids[::-1]))
    ]
    assert {status for each in await asyncio.gather(*rounds) for status in each} <= {200, 204}


async def test_erasing_beside_uploads_of_live_photos(running: RunningHost) -> None:
    """An upload locks the video and then its owner; erasing the old still must not do it the other way round."""
    client = await running.client()
    pairs: list[tuple[UUID, UUID]] = []
    for number in range(8):
        video = await running.upload(b"v%d" % number, name="a.mov", visibility="hidden")
        pairs.append((video, await running.upload(b"s%d" % number, livePhotoVideoId=video)))
    stills = [str(still) for _, still in pairs]
    expect(await client.request("DELETE", "/api/assets", json={"ids": stills, "force": True}), 204)
    uploads = [running.upload(b"s%d" % number, livePhotoVideoId=video) for number, (video, _) in enumerate(pairs)]
    results = await asyncio.gather(running.drain(), *uploads, return_exceptions=True)
    failures = [each for each in results if isinstance(each, BaseException)]
    assert all("Live photo video not found" in str(each) for each in failures), failures
    rows = await running.kernel.db.fetch("SELECT original_path FROM asset")
    root = running.kernel.paths.root
    assert {str(each.relative_to(root)) for each in (root / "upload").rglob("*.*") if each.name != ".immich"} == {
        row["original_path"] for row in rows
    }


async def test_a_file_that_is_written_again_outlives_the_removal_of_the_old(running: RunningHost) -> None:
    asset_id = await running.upload(b"1")
    owner, files = await running.user_id(), running.kernel.files
    target = files.derived_path("thumbs", owner, f"{asset_id}_thumbnail.webp")

    async def write(content: bytes) -> None:
        async with files.writing(target) as temporary:
            temporary.write_bytes(content)
        await files.register(asset_id, "thumbnail", target)

    await write(b"old")
    await files.forget(asset_id, "thumbnail")
    await write(b"new")
    await running.drain()
    assert target.read_bytes() == b"new"
    await files.forget(asset_id, "thumbnail")
    await running.drain()
    assert not target.exists()
