"""Edits: into the sidecar, out of it again, and never into the original."""

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from tests.together.gallery import check_original, check_timeline, details, files_of, stored
from tests.together.making import camera_exif, picture

EDITS = [
    {"description": "Two\nlines, ünïcödé & <xml>"},
    {"description": ""},
    {"rating": 5},
    {"rating": None},
    {"latitude": -33.8688, "longitude": 151.2093},
    {"dateTimeOriginal": "2019-12-31T23:30:00.000+01:00"},
    {"dateTimeOriginal": "2020-02-29T12:00:00.000-03:30", "latitude": 47.56, "longitude": -52.71},
    {"description": "all", "rating": 1, "latitude": 48.1, "longitude": 11.6,
     "dateTimeOriginal": "2024-07-01T10:00:00.000+02:00"},
]  # fmt: skip
FIELDS = ("description", "rating", "latitude", "longitude", "dateTimeOriginal")


@pytest.mark.parametrize("change", EDITS, ids=lambda change: "-".join(change))
@pytest.mark.parametrize("with_exif", [True, False])
async def test_an_edit_comes_back_from_the_sidecar_as_it_was_made(
    clean: RunningHost, change: dict[str, object], with_exif: bool
) -> None:
    content = picture(exif=camera_exif() if with_exif else None)
    asset_id = await clean.upload(content, name="edited.jpg")
    await clean.drain()
    client = await clean.client()
    told = expect(await client.put(f"/api/assets/{asset_id}", json=change), 200)
    await clean.drain()
    read = await details(clean, asset_id)
    for name in FIELDS:
        told_value, read_value = told["exifInfo"][name], read["exifInfo"][name]
        if isinstance(told_value, float):
            assert read_value == pytest.approx(told_value, abs=1e-5), name
        else:
            assert read_value == told_value, name
    assert read["fileCreatedAt"] == told["fileCreatedAt"]
    locked = "SELECT locked_properties FROM asset_exif WHERE asset_id = $1"
    assert await clean.kernel.db.fetchval(locked, asset_id) == []
    assert "sidecar" in await files_of(clean, asset_id)
    await check_original(clean, read, content)
    await check_timeline(clean, read)
    before = await stored(clean, asset_id)
    await clean.kernel.jobs.request("metadata.extract", asset_id=asset_id, force=True)
    await clean.drain()
    assert await stored(clean, asset_id) == before


async def test_many_at_once(clean: RunningHost) -> None:
    ids = [str(await clean.upload(picture(exif=camera_exif()), name=f"{number}.jpg")) for number in range(4)]
    await clean.drain()
    client = await clean.client()
    expect(await client.put("/api/assets", json={"ids": ids, "rating": 4, "description": "all of us"}), 204)
    await clean.drain()
    for one in ids:
        client_view = expect(await client.get(f"/api/assets/{one}"), 200)["exifInfo"]
        assert (client_view["rating"], client_view["description"], client_view["make"]) == (4, "all of us", "Leica")


async def test_what_is_locked_survives_every_reading(clean: RunningHost) -> None:
    asset_id = await clean.upload(picture(exif=camera_exif()), name="locked.jpg")
    await clean.drain()
    await clean.turn_off("sidecar")
    client = await clean.client()
    change = {"description": "mine", "rating": 4, "dateTimeOriginal": "2001-01-01T00:00:00.000Z"}
    told = expect(await client.put(f"/api/assets/{asset_id}", json=change), 200)
    for job in ("metadata.extract", "metadata.reread", "thumbnails.generate"):
        await clean.kernel.jobs.request(job, asset_id=asset_id, force=True)
        await clean.drain()
    read = await details(clean, asset_id)
    assert {name: read["exifInfo"][name] for name in FIELDS} == {name: told["exifInfo"][name] for name in FIELDS}
    assert (read["fileCreatedAt"], read["localDateTime"]) == (told["fileCreatedAt"], told["localDateTime"])


async def test_a_sidecar_of_another_program_keeps_its_own_words(clean: RunningHost) -> None:
    xmp = b"""<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
    <rdf:Description rdf:about='' xmlns:crs='http://ns.adobe.com/camera-raw-settings/1.0/' crs:Exposure2012='+0.50'/>
    </rdf:RDF></x:xmpmeta>"""
    asset_id = await clean.upload(picture(), name="developed.jpg", sidecar=xmp)
    await clean.drain()
    client = await clean.client()
    expect(await client.put(f"/api/assets/{asset_id}", json={"rating": 3}), 200)
    await clean.drain()
    text = (await files_of(clean, asset_id))["sidecar"].read_text()
    assert "0.5" in text
    assert "Rating" in text
