"""People whom a file names: which faces they become, and their way into sidecars and back."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from PIL import Image

from immich_faces import detect
from immich_faces.regions import Known, Region, plan
from immich_faces.settings import FaceImport, Faces, FacialRecognition
from immich_host.runtime.binaries import media_binaries
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import running_host
from immich_host.testing.host import expect

if TYPE_CHECKING:
    from immich_host.testing.servers import Servers

type MakeUser = Callable[[str], Awaitable[Any]]
type Box = tuple[float, float, float, float]

PORTRAITS = Path(__file__).parents[4] / "shared" / "assets" / "metadata" / "faces"
LEFT, NEAR_LEFT, RIGHT = (0.1, 0.2, 0.3, 0.4), (0.11, 0.21, 0.31, 0.41), (0.6, 0.2, 0.8, 0.4)

_REGION = (
    '<rdf:li rdf:parseType="Resource"><mwg-rs:Name>{name}</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type>'
    '<mwg-rs:Area stArea:x="{x}" stArea:y="{y}" stArea:w="{w}" stArea:h="{h}" stArea:unit="normalized"/></rdf:li>'
)
_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" '
    'xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#" '
    'xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"><mwg-rs:Regions rdf:parseType="Resource">'
    '<mwg-rs:AppliedToDimensions stDim:w="400" stDim:h="300" stDim:unit="pixel"/>'
    "<mwg-rs:RegionList><rdf:Bag>{regions}</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions></rdf:Description>"
    "</rdf:RDF></x:xmpmeta>"
)


def known(box: Box, source: str = "machine-learning", *, is_settled: bool = False, has_vector: bool = True) -> Known:
    return Known(uuid4(), box, source, is_settled=is_settled, has_vector=has_vector)


def test_a_region_names_the_face_that_it_is() -> None:
    face, other = known(LEFT), known(RIGHT)
    found = plan([Region("Ann", NEAR_LEFT)], [face, other])
    assert (found.named, found.new, found.freed, found.gone) == ({face.id: Region("Ann", NEAR_LEFT)}, [], [], [])


def test_of_two_regions_the_better_gets_the_face() -> None:
    face = known(LEFT)
    worse, better = Region("Worse", (0.12, 0.23, 0.33, 0.41)), Region("Better", LEFT)
    found = plan([worse, better], [face])
    assert (found.named, found.new) == ({face.id: better}, [worse])


def test_boxes_that_share_half_are_two_faces() -> None:
    face = known((0.0, 0.0, 0.2, 0.2))
    region = Region("Ann", (0.0, 0.0, 0.4, 0.2))
    assert plan([region], [face]).new == [region]


def test_what_a_human_said_here_stays() -> None:
    face = known(LEFT, is_settled=True)
    found = plan([Region("Ann", LEFT)], [face])
    assert (found.named, found.new, found.freed, found.gone) == ({}, [], [], [])


def test_a_region_that_is_gone_frees_a_face_that_was_found_and_takes_one_that_was_not() -> None:
    seen, told, kept = (
        known(LEFT, "exif"),
        known(RIGHT, "exif", has_vector=False),
        known(RIGHT, "exif", is_settled=True),
    )
    found = plan([], [seen, told, kept, known(LEFT), known(LEFT, "manual")])
    assert (found.freed, found.gone, found.named) == ([seen.id], [told.id], {})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(servers: "Servers", tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHost]:
    """With the plugins that read files and write sidecars."""
    if not media_binaries().exiftool:
        pytest.skip("exiftool is missing")
    plugins = ("faces", "inference", "thumbnails", "metadata", "sidecar")
    async with running_host(servers, tmp_path_factory.mktemp("house") / "data", plugins) as running:
        await running.configure(FacialRecognition(enabled=False))
        await running.configure(FaceImport(import_=True))
        yield running


def photo(shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (400, 300), (shade, 90, 90)).save(file, "jpeg")
    return file.getvalue()


def xmp(*faces: tuple[str, Box]) -> bytes:
    areas = [(name, (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1) for name, (x1, y1, x2, y2) in faces]
    regions = (_REGION.format(name=name, x=x, y=y, w=w, h=h) for name, x, y, w, h in areas)
    return _XMP.format(regions="".join(regions)).encode()


async def read_again(house: RunningHost, asset_id: UUID, faces: Sequence[tuple[str, Box]]) -> None:
    """As after another program has written the sidecar."""
    row = next(file for file in await house.kernel.files.of_asset(asset_id) if file.type == "sidecar")
    await asyncio.to_thread(row.path.write_bytes, xmp(*faces))
    await house.kernel.jobs.request("metadata.reread", asset_id=asset_id)
    await drained(house)


async def drained(house: RunningHost) -> None:
    """Every job done, and those that come of facts."""
    for _ in range(2):
        await house.drain()
        await house.kernel.job_room.outbox.settle()
    await house.drain()


async def test_people_are_made_of_a_sidecar_and_follow_it(user: MakeUser, house: RunningHost) -> None:
    ann = await user("ann")
    kim = await ann.person("kim")
    asset_id = await house.upload(photo(1), user="ann", sidecar=xmp(("Kim", LEFT), ("Lee", RIGHT)))
    await drained(house)
    first, second = await ann.faces(asset_id)
    assert (first["person"]["id"], first["person"]["name"], second["person"]["name"]) == (str(kim), "kim", "Lee")
    assert (first["sourceType"], first["imageWidth"], first["imageHeight"]) == ("exif", 400, 300)
    assert [first[f"boundingBox{corner}"] for corner in ("X1", "Y1", "X2", "Y2")] == [40, 60, 120, 120]
    await read_again(house, asset_id, [("Kim", LEFT), ("Mo", RIGHT)])
    again, changed = await ann.faces(asset_id)
    assert again == {**first, "person": again["person"]}
    assert (changed["id"], changed["person"]["name"]) == (second["id"], "Mo")
    await read_again(house, asset_id, [("Kim", LEFT)])
    assert await ann.names(asset_id) == ["kim"]
    expect(await ann.client.put(f"/api/faces/{kim}", json={"id": first["id"]}), 200)
    await read_again(house, asset_id, [("Somebody else", LEFT)])
    assert await ann.names(asset_id) == ["kim"]


async def test_a_found_face_gets_the_name_and_loses_it_again(user: MakeUser, house: RunningHost) -> None:
    ben = await user("ben")
    asset_id = await house.upload(photo(2), user="ben", sidecar=xmp())
    await drained(house)
    face_id = await ben.face(asset_id, None, (10, 20, 30, 40), vector=(1, 0))
    await read_again(house, asset_id, [("Kim", NEAR_LEFT)])
    (face,) = await ben.faces(asset_id)
    assert (face["id"], face["sourceType"], face["person"]["name"]) == (str(face_id), "exif", "Kim")
    await read_again(house, asset_id, [])
    (face,) = await ben.faces(asset_id)
    assert (face["id"], face["sourceType"], face["person"]) == (str(face_id), "machine-learning", None)


async def test_who_is_renamed_here_keeps_that_name_until_the_file_says_another(
    user: MakeUser, house: RunningHost
) -> None:
    hal = await user("hal")
    asset_id = await house.upload(photo(6), user="hal", sidecar=xmp(("Kim", LEFT), ("Lee", RIGHT)))
    await drained(house)
    kim = (await hal.faces(asset_id))[0]["person"]["id"]
    expect(await hal.client.put(f"/api/people/{kim}", json={"name": "Kim Ono"}), 200)
    await read_again(house, asset_id, [("KIM", NEAR_LEFT), ("Lee", RIGHT)])
    assert await hal.names(asset_id) == ["Kim Ono", "Lee"]
    await read_again(house, asset_id, [("Mo", LEFT), ("Lee", RIGHT)])
    assert await hal.names(asset_id) == ["Mo", "Lee"]


async def test_a_found_face_stays_with_whom_was_named_here_and_not_with_whom_a_file_named(
    user: MakeUser, house: RunningHost
) -> None:
    ida = await user("ida")
    asset_id = await house.upload(photo(7), user="ida", sidecar=xmp(("Told", RIGHT)))
    await drained(house)
    kim, told = await ida.person("Kim"), (await ida.faces(asset_id))[0]["person"]["id"]
    await ida.face(asset_id, kim, (10, 20, 30, 40), vector=(1, 0))
    second = await house.upload(photo(8), user="ida", sidecar=xmp())
    await ida.face(second, UUID(told), (10, 20, 30, 40), vector=(1, 0))
    await read_again(house, asset_id, [("Lee", LEFT), ("Told", RIGHT)])
    await drained(house)
    assert await ida.names(asset_id) == ["Kim", "Told"]
    await read_again(house, second, [("Lee", LEFT)])
    assert await ida.names(second) == ["Lee"]


async def test_a_face_that_was_taken_away_is_not_brought_back(user: MakeUser, house: RunningHost) -> None:
    cat = await user("cat")
    asset_id = await house.upload(photo(3), user="cat", sidecar=xmp(("Kim", LEFT)))
    await drained(house)
    (face,) = await cat.faces(asset_id)
    expect(await cat.client.request("DELETE", f"/api/faces/{face['id']}", json={"force": False}), 204)
    await read_again(house, asset_id, [("Kim", NEAR_LEFT)])
    assert await cat.faces(asset_id) == []


async def test_nothing_is_taken_over_where_it_is_not_wanted(user: MakeUser, house: RunningHost) -> None:
    dan = await user("dan")
    await house.configure(FaceImport(import_=False))
    try:
        asset_id = await house.upload(photo(4), user="dan", sidecar=xmp(("Kim", LEFT)))
        await drained(house)
        assert await dan.faces(asset_id) == []
    finally:
        await house.configure(FaceImport(import_=True))


async def test_many_photos_at_once_make_a_name_one_person(user: MakeUser, house: RunningHost) -> None:
    eve = await user("eve")
    ids = [await eve.photo() for _ in range(4)]
    faces = [{"name": name, "x1": 0.1, "y1": 0.2, "x2": 0.3, "y2": 0.4} for name in ("Kim", "KIM ", " ", "Lee")]
    jobs = [await house.kernel.jobs.request("faces.import_regions", asset_id=asset_id, faces=faces) for asset_id in ids]
    await asyncio.gather(*(house.kernel.job_room.executor.execute(job) for job in jobs if job))
    for asset_id in ids:
        assert sorted(map(str, await eve.names(asset_id))) == ["Kim", "Kim", "Lee"]
    people = expect(await eve.client.get("/api/people"), 200)["people"]
    assert sorted(person["name"] for person in people) == ["Kim", "Lee"]


@pytest.mark.skipif(not PORTRAITS.exists(), reason="the shared pictures are not here")
@pytest.mark.parametrize("name", ["portrait.jpg", "portrait-orientation-6.jpg"])
async def test_people_of_a_real_photo(user: MakeUser, house: RunningHost, name: str) -> None:
    fay = await user(name.partition(".")[0])
    asset_id = await house.upload(PORTRAITS / name, user=fay.name)
    await drained(house)
    assert await fay.names(asset_id) == ["Marie Curie", "Pierre Curie"]
    (first, _) = await fay.faces(asset_id)
    assert first["boundingBoxX1"] / first["imageWidth"] == pytest.approx(0.311905, abs=0.01)
    assert first["boundingBoxY2"] / first["imageHeight"] == pytest.approx(0.407142, abs=0.01)
    marie = first["person"]["id"]
    assert (await fay.client.get(f"/api/people/{marie}/thumbnail")).status_code == 200


async def test_names_go_into_sidecars_where_wanted(user: MakeUser, house: RunningHost) -> None:
    gus = await user("gus")
    asset_id = await house.upload(photo(5), user="gus")
    await drained(house)
    kim, drawn = await gus.person("Kim"), {"imageWidth": 400, "imageHeight": 300, "width": 80, "height": 60}
    body = {"assetId": str(asset_id), "personId": str(kim), "x": 40, "y": 60, **drawn}
    expect(await gus.client.post("/api/faces", json=body), 201)
    await drained(house)
    assert await sidecar(house, asset_id) is None
    await house.configure(Faces(write_sidecars=True))
    try:
        expect(await gus.client.put(f"/api/people/{kim}", json={"name": "Kim Ono"}), 200)
        await drained(house)
        assert "Kim Ono" in (await sidecar(house, asset_id) or "")
        assert await gus.names(asset_id) == ["Kim Ono"]
        (face,) = await gus.faces(asset_id)
        assert face["sourceType"] == "manual"
        expect(await gus.client.request("DELETE", f"/api/faces/{face['id']}", json={"force": True}), 204)
        await drained(house)
        assert "Kim Ono" not in (await sidecar(house, asset_id) or "")
    finally:
        await house.configure(Faces())


async def test_a_named_face_that_is_no_longer_found_goes_out_of_the_sidecar(user: MakeUser, house: RunningHost) -> None:
    jon, model = await user("jon"), house.kernel.settings(FacialRecognition).model_name
    first, second = [await house.upload(photo(shade), user="jon") for shade in (60, 120)]
    await drained(house)
    kim = await jon.person("Kim")
    for asset_id in (first, second):
        await jon.face(asset_id, kim)
    await house.configure(Faces(write_sidecars=True))
    try:
        expect(await jon.client.put(f"/api/people/{kim}", json={"name": "Kim Ono"}), 200)
        await drained(house)
        assert "Kim Ono" in (await sidecar(house, second) or "")
        await detect.save(house.kernel, second, [], model, anew=False)
        await drained(house)
        assert "Kim Ono" not in (await sidecar(house, second) or "Kim Ono")
    finally:
        await house.configure(Faces())


async def sidecar(house: RunningHost, asset_id: UUID) -> str | None:
    for file in await house.kernel.files.of_asset(asset_id):
        if file.type == "sidecar":
            return await asyncio.to_thread(file.path.read_text)
    return None
