"""From uploads to groups, with real models: copies are found, other pictures are not."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from immich_duplicates import jobs, store
from immich_duplicates.settings import DuplicateDetection
from immich_host.plugin_api.errors import JobFailed
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect

Pictures = Callable[[str], Image.Image]
Jpeg = Callable[..., bytes]
Grouped = Callable[..., Awaitable[list[set[str]]]]


async def test_copies_are_grouped_and_different_pictures_are_not(
    running: RunningHost, picture: Pictures, jpeg: Jpeg, copy_of: Jpeg, grouped: Grouped
) -> None:
    astronaut, cat = picture("astronaut.png"), picture("chelsea.png")
    first = await running.upload(jpeg(astronaut), name="a.jpg")
    await running.upload(jpeg(picture("coffee.png")), name="b.jpg")
    cats = [await running.upload(jpeg(cat), name="c.jpg"), await running.upload(jpeg(cat, 50), name="d.jpg")]
    width, height = astronaut.size
    cut = astronaut.crop((0, 0, round(width * 0.95), round(height * 0.95)))
    copies = [first, await running.upload(copy_of(astronaut)), await running.upload(jpeg(cut), name="e.jpg")]
    await running.drain()
    assert sorted(await grouped(), key=len) == [set(map(str, cats)), set(map(str, copies))]
    detected = "SELECT count(*) FROM asset_job_status WHERE duplicates_detected_at IS NOT NULL"
    assert await running.kernel.db.fetchval(detected) == 6


async def test_matches_are_stale_by_other_rules_of_comparing(host: MakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    running = await host(plugins=["inference", "duplicates"])
    before = jobs.made_by(running.kernel)
    monkeypatch.setattr(jobs, "RULES", jobs.RULES + 1)
    assert jobs.made_by(running.kernel) != before


def _bill(amounts: str) -> Image.Image:
    """A form of which all are alike but for some words and numbers."""
    image = Image.new("RGB", (1000, 1400), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(40)
    draw.rectangle((60, 60, 940, 160), outline="black", width=3)
    draw.text((380, 85), "INVOICE", fill="black", font=font)
    for line, amount in enumerate(amounts.split()):
        draw.text((80, 240 + 80 * line), f"{amount} pieces of {amount[::-1]}", fill="black", font=font)
        draw.text((760, 240 + 80 * line), amount, fill="black", font=font)
    return image


async def test_bills_that_look_alike_are_not_one(running: RunningHost, jpeg: Jpeg, grouped: Grouped) -> None:
    bills = [
        _bill("12.90 4.10 399.00 21.55 8.80 1.99 63.20 5.05 17.40 2.25 30.00 71.13"),
        _bill("7.77 82.30 15.00 1.05 640.20 9.90 3.49 22.22 11.80 94.60 6.35 58.01"),
    ]
    for number, bill in enumerate(bills):
        await running.upload(jpeg(bill), name=f"{number}.jpg")
    await running.upload(jpeg(bills[1].resize((500, 700)), 70), name="copy.jpg")
    await running.drain()
    (group,) = await grouped()
    assert len(group) == 2


async def test_owners_do_not_mix(
    running: RunningHost, picture: Pictures, jpeg: Jpeg, copy_of: Jpeg, grouped: Grouped
) -> None:
    cat = picture("chelsea.png")
    await running.upload(jpeg(cat), user="ann")
    await running.upload(copy_of(cat), user="ben")
    await running.drain()
    assert await grouped("ann") == await grouped("ben") == []


async def test_a_nearer_limit_makes_results_stale_and_looking_again_is_enough(
    running: RunningHost, picture: Pictures, jpeg: Jpeg, copy_of: Jpeg, grouped: Grouped
) -> None:
    cat = picture("chelsea.png")
    for content in (jpeg(cat), copy_of(cat)):
        await running.upload(content)
    await running.drain()
    frames = "SELECT string_agg(xmin::text, ',' ORDER BY asset_id) FROM duplicates_frame"
    before = await running.kernel.db.fetchval(frames)
    assert len(await grouped()) == 1
    await running.configure(DuplicateDetection(max_distance=0.001))
    await running.kernel.job_room.commands.start("duplicateDetection", "stale")
    await running.drain()
    assert await grouped() == []
    assert await running.kernel.db.fetchval("SELECT count(*) FROM asset WHERE duplicate_id IS NOT NULL") == 0
    assert await running.kernel.db.fetchval(frames) == before
    await running.configure(DuplicateDetection())
    await running.kernel.job_room.commands.start("duplicateDetection", "stale")
    await running.drain()
    assert len(await grouped()) == 1


async def test_off_costs_nothing_and_missing_makes_up_for_it(
    running: RunningHost, picture: Pictures, jpeg: Jpeg, copy_of: Jpeg, grouped: Grouped
) -> None:
    async def feature() -> Any:
        return (await running.anonymous().get("/api/server/features")).json()["duplicateDetection"]

    assert await feature()
    await running.configure(DuplicateDetection(enabled=False))
    assert not await feature()
    cat = picture("chelsea.png")
    for content in (jpeg(cat), copy_of(cat)):
        await running.upload(content)
    await running.drain()
    await running.kernel.job_room.commands.start("duplicateDetection", "missing")
    await running.drain()
    assert await running.kernel.db.fetchval("SELECT count(*) FROM duplicates_fingerprint") == 0
    await running.configure(DuplicateDetection())
    await running.kernel.job_room.commands.start("duplicateDetection", "missing")
    await running.drain()
    assert len(await grouped()) == 1


async def test_without_a_model_its_jobs_say_so_and_the_rest_goes_on(
    host: MakeHost, picture: Pictures, jpeg: Jpeg
) -> None:
    running = await host(plugins=["thumbnails", "inference", "duplicates"])
    asset_id = await running.upload(jpeg(picture("chelsea.png")))
    with pytest.raises(JobFailed, match="starter"):
        await running.drain()
    client = await running.client()
    assert (await client.get(f"/api/assets/{asset_id}/thumbnail")).status_code == 200
    assert expect(await client.get("/api/duplicates"), 200) == []
    assert [each async for each in jobs.missing(running.kernel)] == [asset_id]


async def test_models_off_is_all_off(running: RunningHost, picture: Pictures, jpeg: Jpeg) -> None:
    client = await running.client()
    config = expect(await client.get("/api/system-config"), 200)
    config["machineLearning"]["enabled"] = False
    expect(await client.put("/api/system-config", json=config), 200)
    assert not expect(await client.get("/api/server/features"), 200)["duplicateDetection"]
    await running.upload(jpeg(picture("chelsea.png")))
    await running.drain()
    assert await running.kernel.db.fetchval("SELECT count(*) FROM duplicates_fingerprint") == 0


async def test_a_photo_waits_for_its_preview(host: MakeHost, picture: Pictures, jpeg: Jpeg) -> None:
    running = await host(plugins=["thumbnails", "inference", "starter_models", "duplicates"])
    await running.turn_off("thumbnails")
    asset_id = await running.upload(jpeg(picture("chelsea.png")))
    await running.drain()
    count = "SELECT count(*) FROM duplicates_fingerprint"
    assert await running.kernel.db.fetchval(count) == 0
    assert [each async for each in jobs.missing(running.kernel)] == []
    await running.turn_on("thumbnails")
    await running.kernel.jobs.request("thumbnails.generate", asset_id=asset_id, cause="missing")
    await running.drain()
    assert await running.kernel.db.fetchval(count) == 1


async def test_many_photos_are_searched_by_the_index(
    running: RunningHost,
    picture: Pictures,
    jpeg: Jpeg,
    copy_of: Jpeg,
    grouped: Grouped,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "EXACT_UP_TO", 1)
    cat = picture("chelsea.png")
    ids = [await running.upload(content) for content in (jpeg(cat), copy_of(cat), jpeg(picture("coffee.png")))]
    await running.drain()
    assert await grouped() == [set(map(str, ids[:2]))]
