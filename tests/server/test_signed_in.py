import re
from importlib.metadata import version

import pytest

from immich_host.server.disk import readable
from immich_host.testing.host import expect

KEY = "IMSV" + "-A1b2" * 8


async def test_about_names_both_versions_and_the_programs(house):
    about = expect(await (await house.client()).get("/api/server/about"), 200)
    assert about["version"] == "v3.2.2"
    assert about["build"] == version("immich-host")
    assert about["licensed"] is False
    for program in ("ffmpeg", "exiftool"):
        assert re.fullmatch(r"\d+(\.\d+)+", about[program])
    assert "nodejs" not in about


async def test_storage_is_that_of_the_media_disk(house):
    storage = expect(await (await house.client()).get("/api/server/storage"), 200)
    assert storage["diskSizeRaw"] >= storage["diskUseRaw"] > 0
    assert storage["diskSize"] == readable(storage["diskSizeRaw"])
    assert 0 <= storage["diskUsagePercentage"] <= 100


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_610_612_736, "1.5 GiB"), (2**63, "8.0 EiB")],
)
def test_sizes_for_people(size, text):
    assert readable(size) == text


async def test_statistics_count_by_user(house):
    await house.upload(b"one photo", name="a.jpg")
    await house.upload(b"a video", name="b.mp4")
    await house.upload(b"another", name="c.jpg", user="bob")
    db = house.kernel.db
    await db.execute(
        "INSERT INTO asset_exif (asset_id, file_size_in_byte) SELECT id, 10 FROM asset "
        "ON CONFLICT (asset_id) DO UPDATE SET file_size_in_byte = 10"
    )
    statistics = expect(await (await house.client()).get("/api/server/statistics"), 200)
    assert {name: statistics[name] for name in ("photos", "videos", "usage", "usagePhotos", "usageVideos")} == {
        "photos": 2, "videos": 1, "usage": 30, "usagePhotos": 20, "usageVideos": 10,
    }  # fmt: skip
    assert [(user["userName"], user["photos"], user["usage"]) for user in statistics["usageByUser"]] == [
        ("Admin", 1, 20),
        ("Bob", 1, 10),
    ]


async def test_a_product_key_comes_and_goes(house):
    admin, path = await house.client(), "/api/server/license"
    expect(await admin.get(path), 404)
    body = {"licenseKey": KEY, "activationKey": "activation"}
    stored = expect(await admin.put(path, json=body), 200)
    assert stored | body == stored
    assert expect(await admin.get(path), 200) == stored
    assert expect(await admin.get("/api/server/about"), 200)["licensed"] is True
    expect(await admin.delete(path), 204)
    expect(await admin.get(path), 404)


@pytest.mark.parametrize("key", ["IMCL" + KEY[4:], "nonsense"])
async def test_other_product_keys_are_refused(house, key):
    admin = await house.client()
    expect(await admin.put("/api/server/license", json={"licenseKey": key, "activationKey": "a"}), 400)
    expect(await admin.get("/api/server/license"), 404)


async def test_states_are_empty_until_something_was_done(house):
    admin = await house.client()
    nothing = {"checkedAt": None, "releaseVersion": None}
    assert expect(await admin.get("/api/server/version-check"), 200) == nothing
    assert expect(await admin.get("/api/system-metadata/version-check-state"), 200) == nothing
    geo = expect(await admin.get("/api/system-metadata/reverse-geocoding-state"), 200)
    assert geo == {"lastImportFileName": None, "lastUpdate": None}


async def test_apk_links_lead_to_the_app_of_this_api_version(house):
    links = expect(await (await house.client()).get("/api/server/apk-links"), 200)
    assert set(links) == {"arm64v8a", "armeabiv7a", "universal", "x86_64"}
    assert all("/v3.2.2/" in link for link in links.values())
