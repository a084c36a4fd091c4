"""Rules of reading in a running host: what counts more, and what a person has said for good."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from immich_host.plugin_api.assets import LOCKABLE
from immich_host.runtime.binaries import media_binaries
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_metadata.tags import TagReader

MakePhoto = Callable[..., Path]
FILE = (
    "-ImageDescription=camera",
    "-DateTimeOriginal=2012:08:05 11:39:59",
    "-OffsetTimeOriginal=+02:00",
    *("-GPSLatitude=48.1", "-GPSLatitudeRef=N", "-GPSLongitude=11.5", "-GPSLongitudeRef=E"),
    "-XMP:Rating=2",
    "-XMP-digiKam:TagsList=Camera/One",
)


async def exif(host: RunningHost, asset_id: UUID) -> dict[str, Any]:
    return dict(await host.kernel.db.fetchrow("SELECT * FROM asset_exif WHERE asset_id = $1", asset_id))


async def again(host: RunningHost, asset_id: UUID, *jobs: str) -> None:
    for job in jobs or ("metadata.extract", "metadata.reread"):
        await host.kernel.jobs.request(job, asset_id=asset_id, cause="all")
        await host.drain()


async def xmp(folder: Path, *tags: str) -> Path:
    """A sidecar with these tags."""
    exiftool = media_binaries().exiftool
    assert exiftool
    target = folder / "made.xmp"
    process = await asyncio.create_subprocess_exec(exiftool, "-q", *tags, target)
    assert await process.wait() == 0
    return target


MINE = {
    "description": ("description", "mine"),
    "dateTimeOriginal": ("date_time_original", datetime(2000, 1, 2, 3, 4, 5, tzinfo=UTC)),
    "latitude": ("latitude", 1.5),
    "longitude": ("longitude", 2.5),
    "rating": ("rating", 5),
    "timeZone": ("time_zone", "Asia/Tokyo"),
    "tags": ("tags", ["Mine"]),
}


@pytest.mark.parametrize("name", LOCKABLE)
async def test_a_locked_field_survives_every_reading_and_the_others_do_not(
    host: MakeHost, photo: MakePhoto, name: str
) -> None:
    server = await host(plugins=["metadata"])
    asset_id = await server.upload(photo("a.jpg", *FILE))
    await server.drain()
    read = await exif(server, asset_id)
    sets = ", ".join(f"{column} = ${number}" for number, (column, _) in enumerate(MINE.values(), 3))
    await server.kernel.db.execute(
        f"UPDATE asset_exif SET locked_properties = $2, {sets} WHERE asset_id = $1",
        asset_id, [name], *(value for _, value in MINE.values()),
    )  # fmt: skip
    await again(server, asset_id)
    found = await exif(server, asset_id)
    column, value = MINE[name]
    assert found[column] == value
    others = {other for other, _ in MINE.values()} - {column}
    assert {other: found[other] for other in others} == {other: read[other] for other in others}
    assert found["locked_properties"] == [name]


async def test_a_locked_empty_value_stays_empty(host: MakeHost, photo: MakePhoto) -> None:
    server = await host(plugins=["metadata"])
    asset_id = await server.upload(photo("a.jpg", *FILE))
    await server.drain()
    await server.kernel.db.execute(
        "UPDATE asset_exif SET locked_properties = '{rating,tags,description}', rating = NULL, tags = NULL, "
        "description = '' WHERE asset_id = $1",
        asset_id,
    )
    await again(server, asset_id)
    found = await exif(server, asset_id)
    assert (found["rating"], found["tags"], found["description"]) == (None, None, "")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (("-XMP-digiKam:TagsList=A/B", "-XMP-lr:HierarchicalSubject=C|D", "-IPTC:Keywords=E"), ["A/B"]),
        (("-XMP-lr:HierarchicalSubject=C|D/E", "-XMP-lr:HierarchicalSubject+=F", "-IPTC:Keywords=G"), ["C/D|E", "F"]),
        (("-IPTC:Keywords=G", "-IPTC:Keywords+=2023", "-IPTC:Keywords+=G"), ["G", "2023"]),
        (("-XMP-dc:Subject=H", "-XMP-dc:Subject+=Käse"), ["H", "Käse"]),
        (("-Make=X",), None),
    ],
)
async def test_tags_of_a_file(host: MakeHost, photo: MakePhoto, tags: tuple[str, ...], expected: Any) -> None:
    server = await host(plugins=["metadata"])
    told: list[set[str]] = []

    async def heard(fields: list[str], **_: Any) -> None:
        told.append(set(fields))

    server.kernel.hosting.listen("asset_changed", heard)
    asset_id = await server.upload(photo("a.jpg", *tags))
    await server.drain()
    await server.kernel.job_room.outbox.settle()
    assert (await exif(server, asset_id))["tags"] == expected
    assert any("tags" in fields for fields in told) is (expected is not None)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (("-XMP-dc:Subject=Sidecar",), ["Sidecar"]),
        (("-XMP-lr:HierarchicalSubject=Side|Car",), ["Side/Car"]),
        (("-XMP:Rating=4",), ["Camera/One"]),
    ],
)
async def test_tags_of_a_sidecar_silence_those_of_the_file(
    host: MakeHost, photo: MakePhoto, tmp_path: Path, tags: tuple[str, ...], expected: list[str]
) -> None:
    server = await host(plugins=["sidecar", "metadata"])
    asset_id = await server.upload(photo("a.jpg", *FILE), sidecar=await xmp(tmp_path, *tags))
    await server.drain()
    assert (await exif(server, asset_id))["tags"] == expected


async def test_a_rating_of_a_sidecar_of_none_takes_the_files_away(
    host: MakeHost, photo: MakePhoto, tmp_path: Path
) -> None:
    server = await host(plugins=["sidecar", "metadata"])
    asset_id = await server.upload(photo("a.jpg", *FILE), sidecar=await xmp(tmp_path, "-XMP:Rating=0"))
    await server.drain()
    assert (await exif(server, asset_id))["rating"] is None


async def test_panoramas(reader: TagReader, photo: MakePhoto) -> None:
    from immich_metadata.camera import exposure

    found = exposure(await reader.read(photo("a.jpg", "-XMP-GPano:ProjectionType=equirectangular")))
    assert found["projection_type"] == "EQUIRECTANGULAR"
    assert exposure(await reader.read(photo("b.jpg")))["projection_type"] is None


async def test_a_video_all_around(host: MakeHost, clip: Callable[..., Path]) -> None:
    exiftool = media_binaries().exiftool
    assert exiftool
    path = clip("around.mp4")
    process = await asyncio.create_subprocess_exec(
        exiftool, "-q", "-overwrite_original", "-XMP-GSpherical:ProjectionType=equirectangular", path
    )
    assert await process.wait() == 0
    server = await host(plugins=["metadata"])
    asset_id = await server.upload(path)
    await server.drain()
    assert (await exif(server, asset_id))["projection_type"] == "EQUIRECTANGULAR"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"BurstID": "1", "BurstUUID": "2"}, "1"),
        ({"BurstUUID": "2", "CameraBurstID": "3"}, "2"),
        ({"CameraBurstID": "3", "MediaUniqueID": "4"}, "3"),
        ({"MediaUniqueID": "4"}, "4"),
        ({"BurstID": " "}, None),
        ({}, None),
    ],
)
def test_bursts(tags: dict[str, str], expected: str | None) -> None:
    from immich_metadata.camera import burst

    assert burst(tags) == expected


async def test_results_say_what_made_them(host: MakeHost, photo: MakePhoto, monkeypatch: pytest.MonkeyPatch) -> None:
    from immich_metadata import jobs

    server = await host(plugins=["metadata"])
    asset_id = await server.upload(photo("a.jpg", *FILE))
    await server.drain()

    async def stale() -> int:
        (standing,) = [
            each for each in await server.kernel.job_room.results.standings() if each.job == "metadata.extract"
        ]
        return standing.stale

    assert await stale() == 0
    monkeypatch.setattr(jobs, "RULES", jobs.RULES + 1)
    assert await stale() == 1
    await again(server, asset_id, "metadata.extract")
    assert await stale() == 0
