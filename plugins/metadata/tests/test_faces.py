"""Faces that programs have marked, as boxes of the upright picture."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image, ImageOps

from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_metadata.faces import named_faces
from immich_metadata.tags import TagReader

MakePhoto = Callable[..., Path]


def region(name: str | None = "Ann", area: Any = None, **more: Any) -> dict[str, Any]:
    given = {"X": "0.5", "Y": "0.25", "W": "0.2", "H": "0.1", "Unit": "normalized"}
    named = {} if name is None else {"Name": name}
    return {"Area": given if area is None else area, "Type": "Face", **named, **more}


def tags(*regions: Any, width: str = "400", height: str = "300") -> dict[str, Any]:
    return {
        "RegionInfo": {
            "AppliedToDimensions": {"W": width, "H": height, "Unit": "pixel"},
            "RegionList": list(regions),
        }
    }


def corners(face: dict[str, Any]) -> list[float]:
    return [face[key] for key in ("x1", "y1", "x2", "y2")]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_are_turned_as_the_picture_is(orientation: int) -> None:
    """Pillow turns a picture with a white box; the box must be where the face is said to be."""
    stored = Image.new("L", (400, 300))
    stored.paste(255, (160, 60, 240, 90))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.getexif().update(exif)
    shown = ImageOps.exif_transpose(stored)
    box = shown.getbbox()
    assert box is not None
    (face,) = named_faces(tags(region()), orientation, (400, 300))
    expected = [box[0] / shown.width, box[1] / shown.height, box[2] / shown.width, box[3] / shown.height]
    assert corners(face) == pytest.approx(expected)


async def test_real_photos(reader: TagReader, shared: Path) -> None:
    """The same photo, once upright and once on its side."""
    upright = named_faces(await reader.read(shared / "metadata/faces/portrait.jpg"), None, (840, 700))
    lying = named_faces(await reader.read(shared / "metadata/faces/portrait-orientation-6.jpg"), 6, (700, 840))
    assert [face["name"] for face in upright] == ["Marie Curie", "Pierre Curie"]
    assert corners(upright[0]) == pytest.approx([0.311905, 0.208571, 0.425, 0.407142], abs=1e-5)
    for one, other in zip(upright, lying, strict=True):
        assert one["name"] == other["name"]
        assert corners(one) == pytest.approx(corners(other), abs=1e-5)


def test_marked_in_the_upright_picture() -> None:
    """Some programs turn a picture before they mark it, and say so by its dimensions."""
    (face,) = named_faces(tags(region(), width="300", height="400"), 6, (400, 300))
    assert corners(face) == pytest.approx([0.4, 0.2, 0.6, 0.3])
    (face,) = named_faces(tags(region(), width="300", height="400"), 3, (300, 400))
    assert corners(face) == pytest.approx([0.4, 0.7, 0.6, 0.8])


@pytest.mark.parametrize(
    ("area", "box"),
    [
        ({"X": "200", "Y": "150", "W": "40", "H": "30", "Unit": "pixel"}, [0.45, 0.45, 0.55, 0.55]),
        ({"X": "0.05", "Y": "0.95", "W": "0.2", "H": "0.2"}, [0, 0.85, 0.15, 1]),
        ({"X": "1.5", "Y": "0.5", "W": "0.2", "H": "0.2"}, None),
        ({"X": "0.5", "Y": "0.5", "W": "0", "H": "0.2"}, None),
        ({"X": "0.5", "Y": "0.5", "W": "-0.1", "H": "0.2"}, None),
        ({"X": "0.5", "Y": "0.5", "D": "0.1"}, None),
        ({"X": "nan", "Y": "x", "W": "0.1", "H": "0.2"}, None),
        ("0.1, 0.2", None),
    ],
)
def test_areas(area: Any, box: list[float] | None) -> None:
    found = [corners(face) for face in named_faces(tags(region(area=area)), 1, (400, 300))]
    assert found == ([] if box is None else [pytest.approx(box)])


def test_who_is_a_face() -> None:
    listed = (
        region("Ann "),
        region("Rex", Type="Pet"),
        region(None),
        region(" "),
        region("Nose", Type="Focus"),
        region("4006381", Type="BarCode"),
        {"Name": "Bob"},
        "junk",
    )
    assert [face["name"] for face in named_faces(tags(*listed), 1, (400, 300))] == ["Ann", "Rex"]
    single = {"RegionInfo": {"RegionList": region("Cy")}}
    assert [face["name"] for face in named_faces(single, None, (None, None))] == ["Cy"]
    for nothing in ({}, {"RegionInfo": "x"}, {"RegionInfo": {}}, {"RegionInfo": {"RegionList": []}}):
        assert named_faces(nothing, 1, (400, 300)) == []


type Told = list[tuple[UUID, UUID, list[dict[str, Any]], str]]


def listen(server: RunningHost) -> Told:
    told: Told = []

    async def heard(asset_id: UUID, owner_id: UUID, faces: list[dict[str, Any]], cause: str, **_: Any) -> None:
        told.append((asset_id, owner_id, faces, cause))

    server.kernel.hosting.listen("metadata_faces_read", heard)
    return told


async def again(server: RunningHost, asset_id: UUID) -> None:
    await server.kernel.jobs.request("metadata.extract", asset_id=asset_id, cause="all")
    await server.drain()
    await server.kernel.job_room.outbox.settle()


async def test_faces_are_handed_on(host: MakeHost, photo: MakePhoto, tmp_path: Path) -> None:
    server = await host(plugins=["metadata"])
    told = listen(server)
    area = "{Area={X=0.5,Y=0.25,W=0.2,H=0.1,Unit=normalized},Name=Ann,Type=Face}"
    marked = photo(
        "a.jpg", f"-RegionInfo={{AppliedToDimensions={{W=40,H=30,Unit=pixel}},RegionList=[{area}]}}", "-Orientation#=6"
    )
    plain = await server.upload(photo("b.jpg", "-Make=X"))
    asset_id = await server.upload(marked)
    await server.drain()
    await server.kernel.job_room.outbox.settle()
    face = {"name": "Ann", "x1": 0.7, "y1": 0.4, "x2": 0.8, "y2": 0.6}
    owner = await server.user_id()
    assert told == [(asset_id, owner, [face], "upload")]
    await again(server, asset_id)
    assert told[1:] == [(asset_id, owner, [face], "all")]
    found = await server.kernel.assets.get(asset_id)
    assert found is not None
    await asyncio.to_thread(found.path.write_bytes, photo("c.jpg").read_bytes())
    await again(server, asset_id)
    await again(server, plain)
    assert told[2:] == [(asset_id, owner, [], "all"), (plain, owner, [], "all")]


async def test_a_sidecar_names_the_faces(host: MakeHost, photo: MakePhoto, tmp_path: Path) -> None:
    server = await host(plugins=["sidecar", "metadata"])
    told = listen(server)
    area = "{Area={X=0.5,Y=0.5,W=0.5,H=0.5,Unit=normalized},Name=%s,Type=Face}"
    whole = "{AppliedToDimensions={W=40,H=30,Unit=pixel},RegionList=[%s]}"
    path = photo("a.jpg", f"-RegionInfo={whole % (area % 'Ann')}")
    sidecar = photo("b.jpg", f"-RegionInfo={whole % (area % 'Bea')}").with_name("b.xmp")
    await _to_xmp(sidecar.with_name("b.jpg"), sidecar)
    await server.upload(path, sidecar=sidecar)
    await server.drain()
    await server.kernel.job_room.outbox.settle()
    assert [[face["name"] for face in faces] for _, _, faces, _ in told] == [["Bea"]]


async def _to_xmp(picture: Path, target: Path) -> None:
    from immich_host.runtime.binaries import media_binaries

    exiftool = media_binaries().exiftool
    assert exiftool
    process = await asyncio.create_subprocess_exec(exiftool, "-q", "-tagsfromfile", picture, "-RegionInfo", target)
    assert await process.wait() == 0
