"""Named faces as regions of an XMP file: where they lie, which stay, which go."""

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageOps

from immich_host.runtime.binaries import Binaries
from immich_sidecar.faces import Face, difference, face_regions, region_lines, stored_box
from immich_sidecar.writing import Version, region_info, replace, with_tags

ANN, BEN = Face("Ann", 0.25, 0.25, 0.1, 0.2), Face("Ben", 0.75, 0.5, 0.2, 0.2)
SIZE = (400, 200)


async def write(programs: Binaries, path: Path, before: Sequence[Face], wanted: Sequence[Face]) -> int:
    """Bring a file's faces to `wanted`; how many lines that took."""
    info = await region_info(programs.exiftool, path)
    lines = region_lines(*difference(face_regions(info), before, wanted), info, SIZE)
    if lines:
        replace(path, await with_tags(programs.exiftool, lines, path), Version.of(path))
    return len(lines)


async def read(programs: Binaries, path: Path) -> dict[str, Face]:
    return {each.face.name: each.face for each in face_regions(await region_info(programs.exiftool, path))}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_lies_on_the_same_pixels_whichever_way_the_picture_is_stored(orientation: int) -> None:
    stored = Image.new("L", (80, 40))
    box = stored_box({"name": "Ann", "x1": 0.1, "y1": 0.2, "x2": 0.3, "y2": 0.6}, orientation)
    corners = (box.x - box.width / 2, box.y - box.height / 2, box.x + box.width / 2, box.y + box.height / 2)
    ends = [round(part * side) for part, side in zip(corners, (80, 40, 80, 40), strict=True)]
    ImageDraw.Draw(stored).rectangle((ends[0], ends[1], ends[2] - 1, ends[3] - 1), fill=255)
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = BytesIO()
    stored.save(buffer, "PNG", exif=exif)
    shown = ImageOps.exif_transpose(Image.open(buffer))
    wide, high = shown.size
    assert shown.getbbox() == (wide * 0.1, high * 0.2, wide * 0.3, high * 0.6)


@pytest.mark.parametrize(
    "named",
    [
        {"name": "  ", "x1": 0, "y1": 0, "x2": 1, "y2": 1},
        {"name": "Ann", "x1": 0.5, "y1": 0, "x2": 0.5, "y2": 1},
        {"name": "Ann", "x1": 0, "y1": 0, "x2": 640, "y2": 480},
        {"name": "Ann", "x1": 0, "y1": float("nan"), "x2": 1, "y2": 1},
    ],
)
def test_what_is_no_box_of_the_picture_is_refused(named: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no face"):
        stored_box(named, 1)


async def test_faces_are_written_and_read_back(programs: Binaries, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg.xmp"
    await write(programs, path, [], [ANN, BEN])
    assert await read(programs, path) == {"Ann": ANN, "Ben": BEN}
    info = await region_info(programs.exiftool, path)
    assert info["AppliedToDimensions"] == {"W": "400", "H": "200", "Unit": "pixel"}
    assert await write(programs, path, [ANN, BEN], [BEN, ANN]) == 0, "what is there is not written again"


@pytest.mark.parametrize(
    "name", ["O'Neil, {Ann} | [x]", "{", " ", "-x=1", "#", "Ürs 日本 🎉", 'a"b<c>&amp;', "two\nlines", "12.50", "a=b"]
)
async def test_any_name_comes_back_and_goes_again(programs: Binaries, tmp_path: Path, name: str) -> None:
    path = tmp_path / "photo.jpg.xmp"
    face = Face(f"{name}.", 0.123456, 0.5, 0.1, 0.1)
    await write(programs, path, [], [face])
    assert await read(programs, path) == {face.name: face}
    await write(programs, path, [face], [ANN])
    assert await read(programs, path) == {"Ann": ANN}


STRANGERS = """<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
<rdf:Description rdf:about='' xmlns:mwg-rs='http://www.metadataworkinggroup.com/schemas/regions/'
 xmlns:stDim='http://ns.adobe.com/xap/1.0/sType/Dimensions#' xmlns:stArea='http://ns.adobe.com/xmp/sType/Area#'
 xmlns:own='http://example.com/own/'><mwg-rs:Regions rdf:parseType='Resource'>
<mwg-rs:AppliedToDimensions stDim:w='4000' stDim:h='2000' stDim:unit='pixel'/><mwg-rs:RegionList><rdf:Bag>
<rdf:li><rdf:Description mwg-rs:Name='Zoe' mwg-rs:Type='Face'>
 <mwg-rs:Area stArea:x='0.500000' stArea:y='0.5' stArea:w='0.1' stArea:h='0.20' stArea:unit='normalized'/>
 <mwg-rs:Extensions rdf:parseType='Resource'><own:Mark>m1</own:Mark></mwg-rs:Extensions></rdf:Description></rdf:li>
<rdf:li><rdf:Description mwg-rs:Type='Focus'>
 <mwg-rs:Area stArea:x='0.25' stArea:y='0.25' stArea:w='0.1' stArea:h='0.2' stArea:unit='normalized'/>
</rdf:Description></rdf:li>
<rdf:li><rdf:Description mwg-rs:Name='Rex' mwg-rs:Type='Pet'>
 <mwg-rs:Area stArea:x='0.25' stArea:y='0.25' stArea:w='0.1' stArea:h='0.2' stArea:unit='normalized'/>
</rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions></rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    """A file in which somebody else has named a face and a pet, and the camera its focus."""
    path = tmp_path / "photo.jpg.xmp"
    path.write_text(STRANGERS)
    return path


async def test_what_others_have_marked_stays(programs: Binaries, marked: Path) -> None:
    before = await region_info(programs.exiftool, marked)
    await write(programs, marked, [], [ANN])
    between = await region_info(programs.exiftool, marked)
    assert between["RegionList"][:3] == before["RegionList"], "with what they have added to it"
    assert [each.get("Name") for each in between["RegionList"]] == ["Zoe", None, "Rex", "Ann"]
    assert between["AppliedToDimensions"] == before["AppliedToDimensions"]
    await write(programs, marked, [ANN], [])
    assert await region_info(programs.exiftool, marked) == before


async def test_the_same_face_by_another_name_is_renamed(programs: Binaries, marked: Path) -> None:
    there = Face("Zoe's sister", 0.51, 0.5, 0.1, 0.2)
    await write(programs, marked, [], [there])
    assert await read(programs, marked) == {there.name: there}
    renamed = Face("Zita", 0.51, 0.5, 0.1, 0.2)
    await write(programs, marked, [there], [renamed])
    assert await read(programs, marked) == {"Zita": renamed}


async def test_two_people_may_share_a_name(programs: Binaries, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg.xmp"
    twin = Face("Ann", 0.75, 0.25, 0.1, 0.2)
    await write(programs, path, [], [ANN, twin])
    await write(programs, path, [ANN, twin], [twin])
    assert await read(programs, path) == {"Ann": twin}


async def test_any_program_can_name_the_people_of_a_photo(
    programs: Binaries, tmp_path: Path, tags: Callable[[Path], dict[str, Any]]
) -> None:
    path = tmp_path / "photo.jpg.xmp"
    await write(programs, path, [], [ANN, BEN])
    found = tags(path)
    assert (found["RegionName"], found["RegionType"]) == (["Ann", "Ben"], ["Face", "Face"])
    assert found["RegionAreaUnit"] == ["normalized", "normalized"]
