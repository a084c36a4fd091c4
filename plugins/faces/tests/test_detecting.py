"""Finding faces in a running host: from upload to people, and again, and what stays."""

import io
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image, ImageOps
from skimage import data

from immich_faces import detect, detect_store
from immich_faces.settings import FacialRecognition
from immich_host.plugin_api.errors import JobFailed
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import running_host
from immich_host.testing.host import expect
from immich_inference.settings import MachineLearning

if TYPE_CHECKING:
    from immich_host.testing.servers import Servers

PLUGINS = ("faces", "inference", "starter_models", "thumbnails")
ASTRONAUT = Image.fromarray(data.astronaut())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def watching(servers: "Servers", tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHost]:
    """One host for all tests of this file: each takes users of its own."""
    async with running_host(servers, tmp_path_factory.mktemp("watching") / "data", PLUGINS) as running:
        yield running


def encoded(image: Image.Image, quality: int = 90) -> bytes:
    file = io.BytesIO()
    image.save(file, "jpeg", quality=quality)
    return file.getvalue()


def side_by_side(one: Image.Image, other: Image.Image) -> Image.Image:
    both = Image.new("RGB", (one.width + other.width, max(one.height, other.height)))
    both.paste(one, (0, 0))
    both.paste(other, (one.width, 0))
    return both


def shots(user: str) -> list[bytes]:
    """Four photos of one person, other ones for each user."""
    seed = sum(user.encode())
    images = (
        ASTRONAUT,
        ImageOps.mirror(ASTRONAUT),
        ASTRONAUT.resize((400 + seed % 50, 400)),
        ASTRONAUT.rotate(10 + seed % 5, expand=True),
    )
    return [encoded(image, 70 + seed % 20) for image in images]


async def faces(watching: RunningHost, user: str, asset_id: UUID) -> list[dict[str, Any]]:
    client = await watching.client(user)
    return expect(await client.get("/api/faces", params={"id": str(asset_id)}), 200)


async def people(watching: RunningHost, user: str) -> list[dict[str, Any]]:
    client = await watching.client(user)
    return expect(await client.get("/api/people"), 200)["people"]


async def again(watching: RunningHost, which: str, queue: str = "faceDetection") -> None:
    await watching.kernel.job_room.commands.start(queue, which)
    await watching.drain()


async def rows(watching: RunningHost, asset_id: UUID) -> list[Any]:
    return await watching.kernel.db.fetch("SELECT * FROM asset_face WHERE asset_id = $1 ORDER BY id", asset_id)


async def test_photos_of_one_person_make_one_person(watching: RunningHost) -> None:
    ids = [await watching.upload(shot, user="ann") for shot in shots("ann")]
    empty = await watching.upload(encoded(Image.fromarray(data.coffee())), user="ann")
    await watching.drain()
    (person,) = await people(watching, "ann")
    assert (person["name"], person["isHidden"]) == ("", False)
    for asset_id in ids:
        (face,) = await faces(watching, "ann", asset_id)
        assert face["person"]["id"] == person["id"]
        assert face["sourceType"] == "machine-learning"
    assert await faces(watching, "ann", empty) == []
    client = await watching.client("ann")
    picture = await client.get(f"/api/people/{person['id']}/thumbnail")
    assert Image.open(io.BytesIO(picture.content)).format == "JPEG"
    assert expect(await client.get(f"/api/people/{person['id']}/statistics"), 200) == {"assets": 4}
    features = expect(await client.get("/api/server/features"), 200)
    assert (features["facialRecognition"], features["importFaces"]) == (True, False)


async def test_boxes_are_pixels_of_the_preview(watching: RunningHost) -> None:
    photo = side_by_side(ASTRONAUT.resize((2000, 2000)), Image.new("RGB", (1000, 2000)))
    asset_id = await watching.upload(encoded(photo), user="bea")
    await watching.drain()
    (face,) = await faces(watching, "bea", asset_id)
    assert (face["imageWidth"], face["imageHeight"]) == (2160, 1440)
    assert 480 < face["boundingBoxX1"] < 520
    assert 740 < face["boundingBoxX2"] < 780


async def test_two_faces_in_one_photo_are_never_one_person(watching: RunningHost) -> None:
    both = await watching.upload(encoded(side_by_side(ASTRONAUT, ImageOps.mirror(ASTRONAUT))), user="cid")
    for shot in shots("cid"):
        await watching.upload(shot, user="cid")
    await watching.drain()
    found = await faces(watching, "cid", both)
    assert len(found) == 2
    named = [face["person"] and face["person"]["id"] for face in found]
    assert len(set(named)) == 2
    assert len(await people(watching, "cid")) == 1


async def test_a_person_needs_enough_faces(watching: RunningHost) -> None:
    ids = [await watching.upload(shot, user="dan") for shot in shots("dan")[:2]]
    await watching.drain()
    assert [(await faces(watching, "dan", asset_id))[0]["person"] for asset_id in ids] == [None, None]
    ids.append(await watching.upload(shots("dan")[2], user="dan"))
    await watching.drain()
    found = {(await faces(watching, "dan", asset_id))[0]["person"]["id"] for asset_id in ids}
    assert len(found) == 1


async def test_what_was_said_of_faces_stays_when_they_are_looked_for_again(watching: RunningHost) -> None:
    ids = [await watching.upload(shot, user="eve") for shot in shots("eve")]
    await watching.drain()
    client = await watching.client("eve")
    (person,) = await people(watching, "eve")
    expect(await client.put(f"/api/people/{person['id']}", json={"name": "Kim"}), 200)
    other = expect(await client.post("/api/people", json={"name": "Lou"}), 201)["id"]
    (face,) = await faces(watching, "eve", ids[0])
    expect(await client.put(f"/api/faces/{other}", json={"id": face["id"]}), 200)
    (taken,) = await faces(watching, "eve", ids[1])
    expect(await client.request("DELETE", f"/api/faces/{taken['id']}", json={"force": False}), 204)
    drawn = {"assetId": str(ids[2]), "personId": other, "imageWidth": 100, "imageHeight": 100}
    expect(await client.post("/api/faces", json={**drawn, "x": 1, "y": 60, "width": 20, "height": 20}), 201)
    for which in ("missing", "refresh", "all"):
        await again(watching, which)
        await again(watching, which, "facialRecognition")
        assert [one["person"]["name"] for one in await faces(watching, "eve", ids[0])] == ["Lou"], which
        assert await faces(watching, "eve", ids[1]) == [], which
        others = [face for asset_id in ids[2:] for face in await faces(watching, "eve", asset_id)]
        assert "manual" in {face["sourceType"] for face in others if face["person"]["name"] == "Lou"}, which
        if which != "all":
            found = [face["person"]["name"] for face in others if face["sourceType"] == "machine-learning"]
            assert found == ["Kim", "Kim"], which
    assert {one["name"] for one in await people(watching, "eve")} == {"Kim", "Lou"}, "who is named never goes"


@pytest.mark.parametrize("shown", ["nobody", "somebody else"])
async def test_a_named_person_in_locked_photos_alone_keeps_their_faces(watching: RunningHost, shown: str) -> None:
    """No face of theirs may be on their picture; one that is no longer theirs is none either."""
    name = f"eva{len(shown)}"
    client, owner, db = await watching.client(name), await watching.user_id(name), watching.kernel.db
    asset_id, other = [await watching.upload(shot, user=name) for shot in shots(name)[:2]]
    await watching.drain()
    kim = expect(await client.post("/api/people", json={"name": "Kim"}), 201)["id"]
    (face,), (stranger,) = await rows(watching, asset_id), await rows(watching, other)
    await db.execute("UPDATE asset_face SET person_id = $2 WHERE id = $1", face["id"], UUID(kim))
    wrong = None if shown == "nobody" else stranger["id"]
    await db.execute("UPDATE person SET face_asset_id = $2 WHERE owner_id = $1", owner, wrong)
    await db.execute("UPDATE asset SET visibility = 'locked' WHERE id = $1", asset_id)
    await again(watching, "all")
    assert [row["person_id"] for row in await rows(watching, asset_id)] == [UUID(kim)]


async def test_vectors_are_kept_under_the_model_that_made_them(
    watching: RunningHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when another one is chosen while the model works."""
    asset_id = await watching.upload(shots("oda")[0], user="oda")
    predict = detect.predict

    async def predict_and_choose(*arguments: Any, **options: Any) -> Any:
        answer = await predict(*arguments, **options)
        await watching.configure(FacialRecognition(model_name="absent"))
        return answer

    monkeypatch.setattr(detect, "predict", predict_and_choose)
    await watching.drain()
    await watching.configure(FacialRecognition())
    model = "SELECT model FROM face_search JOIN asset_face ON id = face_id WHERE asset_id = $1"
    assert await watching.kernel.db.fetchval(model, asset_id) == "starter"


async def test_a_known_box_gets_what_tells_it_from_others(watching: RunningHost) -> None:
    """A face that a human has drawn, or a file has named, is the one that is found there."""
    client = await watching.client("fay")
    lou = expect(await client.post("/api/people", json={"name": "Lou"}), 201)["id"]
    asset_id = await watching.upload(shots("fay")[0], user="fay")
    drawn = {"assetId": str(asset_id), "personId": lou, "imageWidth": 512, "imageHeight": 512}
    expect(await client.post("/api/faces", json={**drawn, "x": 175, "y": 60, "width": 95, "height": 120}), 201)
    others = [await watching.upload(shot, user="fay") for shot in shots("fay")[1:3]]
    await watching.drain()
    (face,) = await faces(watching, "fay", asset_id)
    assert (face["sourceType"], face["boundingBoxX1"]) == ("manual", 175)
    for other in others:
        assert [one["person"]["name"] for one in await faces(watching, "fay", other)] == ["Lou"]


async def test_a_video_is_looked_at_by_its_picture(watching: RunningHost) -> None:
    """The picture is put there by hand: making it is somebody else's work."""
    client, kernel = await watching.client("ned"), watching.kernel
    asset_id = await watching.upload(shots("ned")[0], user="ned")
    await kernel.db.execute("UPDATE asset SET type = 'VIDEO' WHERE id = $1", asset_id)
    await kernel.job_room.commands.empty("thumbnailGeneration")
    picture = kernel.files.derived_path("thumbs", await watching.user_id("ned"), f"{asset_id}_preview.jpeg")
    async with kernel.files.writing(picture) as temporary:
        temporary.write_bytes(shots("ned")[1])
    await kernel.files.register(asset_id, "preview", picture)
    await kernel.jobs.request("faces.detect", asset_id=asset_id)
    await watching.drain()
    (face,) = expect(await client.get("/api/faces", params={"id": str(asset_id)}), 200)
    assert (face["imageWidth"], face["imageHeight"]) == (512, 512)


async def test_what_is_no_longer_found_goes(watching: RunningHost) -> None:
    asset_id = await watching.upload(shots("gus")[0], user="gus")
    await watching.drain()
    db = watching.kernel.db
    await db.execute("UPDATE asset_face SET bounding_box_x1 = 0, bounding_box_x2 = 9 WHERE asset_id = $1", asset_id)
    (before,) = await rows(watching, asset_id)
    await again(watching, "refresh")
    (after,) = await rows(watching, asset_id)
    assert after["id"] != before["id"]
    gone = await db.fetchval("SELECT count(*) FROM asset_face_audit WHERE asset_face_id = $1", before["id"])
    assert gone == 1, "phones are told"


async def test_twice_is_once(watching: RunningHost) -> None:
    asset_id = await watching.upload(shots("hal")[0], user="hal")
    await watching.drain()
    before = await rows(watching, asset_id)
    await watching.kernel.jobs.request("faces.detect", asset_id=asset_id, force=True)
    await watching.drain()
    assert await rows(watching, asset_id) == before


async def test_missing_is_what_was_not_looked_at_newest_first(watching: RunningHost) -> None:
    db = watching.kernel.db
    assert [each async for each in detect_store.not_looked_at(db)] == []
    times = ("2020-01-01T00:00:00.000Z", "2022-01-01T00:00:00.000Z", "2021-01-01T00:00:00.000Z")
    ids = [
        await watching.upload(shot, user="ida", fileCreatedAt=when)
        for shot, when in zip(shots("ida"), times, strict=False)
    ]
    hidden = await watching.upload(shots("ida")[3], user="ida", visibility="hidden")
    await watching.configure(FacialRecognition(enabled=False))
    await watching.drain()
    await watching.configure(FacialRecognition())
    found = [each async for each in detect_store.not_looked_at(db)]
    assert found == [ids[1], ids[2], ids[0]]
    await watching.kernel.job_room.commands.start("faceDetection", "missing")
    await watching.drain()
    assert [each async for each in detect_store.not_looked_at(db)] == []
    assert await rows(watching, hidden) == []
    looked = await db.fetchval("SELECT faces_recognized_at FROM asset_job_status WHERE asset_id = $1", ids[0])
    assert looked is not None


async def test_off_by_any_switch_nothing_is_done(watching: RunningHost) -> None:
    client = await watching.client("jim")
    for number, off in enumerate((FacialRecognition(enabled=False), MachineLearning(enabled=False))):
        await watching.configure(off)
        asset_id = await watching.upload(shots("jim")[number], user="jim")
        await watching.drain()
        await again(watching, "all")
        await again(watching, "all", "facialRecognition")
        assert await rows(watching, asset_id) == []
        assert expect(await client.get("/api/server/features"), 200)["facialRecognition"] is False
        await watching.configure(type(off)())
    await again(watching, "missing")
    assert len(await rows(watching, asset_id)) == 1


async def test_another_model_makes_results_stale_and_one_that_is_missing_is_said(watching: RunningHost) -> None:
    asset_id = await watching.upload(shots("kai")[0], user="kai")
    await watching.drain()
    room = watching.kernel.job_room
    stale = room.results.stale(room.registry.get("faces.detect"))
    assert asset_id not in {each async for each in stale}
    await watching.configure(FacialRecognition(model_name="absent"))
    stale = room.results.stale(room.registry.get("faces.detect"))
    assert asset_id in {each async for each in stale}
    await watching.kernel.jobs.request("faces.detect", asset_id=asset_id)
    with pytest.raises(JobFailed, match="absent"):
        await watching.drain()
    assert len(await rows(watching, asset_id)) == 1, "what another model has found stays until then"
    await watching.configure(FacialRecognition())
    await watching.kernel.db.execute("DELETE FROM job_request")


async def test_an_asset_waits_for_its_preview(watching: RunningHost) -> None:
    await watching.turn_off("thumbnails")
    asset_id = await watching.upload(shots("lea")[0], user="lea")
    await watching.drain()
    assert await rows(watching, asset_id) == []
    assert asset_id not in {each async for each in detect.missing(watching.kernel)}
    await watching.turn_on("thumbnails")
    await watching.kernel.jobs.request("thumbnails.generate", asset_id=asset_id, cause="missing")
    await watching.drain()
    assert len(await rows(watching, asset_id)) == 1


async def test_an_asset_that_is_gone_is_skipped(watching: RunningHost) -> None:
    await watching.kernel.jobs.request("faces.detect", asset_id=UUID(int=1))
    await watching.drain()


async def test_vectors_are_kept_with_their_model(watching: RunningHost) -> None:
    asset_id = await watching.upload(shots("mia")[0], user="mia")
    await watching.drain()
    row = await watching.kernel.db.fetchrow(
        """SELECT model, embedding::text AS embedding FROM face_search JOIN asset_face ON id = face_id
           WHERE asset_id = $1""",
        asset_id,
    )
    assert row["model"] == "starter"
    assert np.linalg.norm(np.fromstring(row["embedding"].strip("[]"), sep=",")) == pytest.approx(1, abs=1e-4)
