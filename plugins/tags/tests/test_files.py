"""From a file to tags and back into its sidecar, with the plugins that read and write files."""

import json
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import pytest_asyncio

from immich_host.runtime.binaries import media_binaries
from immich_host.testing import RunningHost, photo
from immich_host.testing.fixtures import running_host
from immich_host.testing.host import expect
from immich_tags import jobs

if TYPE_CHECKING:
    from immich_host.testing.servers import Servers

SHARED = Path(__file__).parents[4] / "shared" / "assets" / "metadata"

type Exiftool = Callable[..., str]


@pytest.fixture(scope="session")
def exiftool() -> Exiftool:
    program = media_binaries().exiftool
    if not program:
        pytest.skip("exiftool is missing")

    def run(*arguments: str | Path) -> str:
        return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout

    return run


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(
    servers: "Servers", tmp_path_factory: pytest.TempPathFactory, exiftool: Exiftool
) -> AsyncIterator[RunningHost]:
    names = ("tags", "metadata", "sidecar")
    async with running_host(servers, tmp_path_factory.mktemp("house") / "data", names) as running:
        yield running


@pytest.fixture
def made(tmp_path: Path, exiftool: Exiftool) -> Callable[..., Path]:
    """A photo with such tags in it."""

    def make(*assignments: str, name: str = "photo.jpg") -> Path:
        path = tmp_path / name
        path.write_bytes(photo.JPEG)
        exiftool("-q", "-overwrite_original", f"-Comment={tmp_path}", *assignments, path)
        return path

    return make


async def in_sidecar(house: RunningHost, exiftool: Exiftool, asset_id: UUID) -> list[str]:
    """The tags that the sidecar of an asset says; nothing is left to be written."""
    exif = await house.kernel.assets.exif(asset_id)
    assert exif is not None
    assert exif["locked_properties"] == [], "it is written, so the next reading of the file decides"
    (path,) = [file.path for file in await house.kernel.files.of_asset(asset_id) if file.type == "sidecar"]
    (said,) = json.loads(exiftool("-j", "-XMP-digiKam:TagsList", path))
    found = said.get("TagsList", [])
    tags = found if isinstance(found, list) else [found]
    return [str(tag) for tag in tags if tag != ""]


async def values(someone: Any) -> dict[str, str]:
    return {one["value"]: one["id"] for one in expect(await someone.client.get("/api/tags"), 200)}


async def read_again(house: RunningHost, asset_id: UUID) -> None:
    await house.kernel.jobs.request("metadata.extract", asset_id=asset_id, cause="all", force=True)
    await house.drain()


async def test_a_tree_of_tags_comes_from_a_file_and_goes_to_its_sidecar(
    someone: Any, house: RunningHost, made: Callable[..., Path], exiftool: Exiftool
) -> None:
    file = made("-XMP-digiKam:TagsList=Trips/Alps/2024", "-XMP-digiKam:TagsList=Family", "-IPTC:Keywords=ignored")
    asset_id = await house.upload(file, user=someone.name)
    await house.drain()
    tags = await values(someone)
    assert list(tags) == ["Family", "Trips", "Trips/Alps", "Trips/Alps/2024"]
    assert await someone.tags_of(asset_id) == ["Family", "Trips/Alps/2024"]
    assert await someone.take(tags["Family"], asset_id) == [None]
    await house.drain()
    assert await in_sidecar(house, exiftool, asset_id) == ["Trips/Alps/2024"]
    await read_again(house, asset_id)
    assert await someone.tags_of(asset_id) == ["Trips/Alps/2024"]
    await someone.give(await someone.tag("Sommer & Söhne, <alle>/2"), asset_id)
    await house.drain()
    assert await in_sidecar(house, exiftool, asset_id) == ["Trips/Alps/2024", "Sommer & Söhne, <alle>/2"]


async def test_sidecars_follow_renamed_and_deleted_tags(
    someone: Any, house: RunningHost, made: Callable[..., Path], exiftool: Exiftool
) -> None:
    file = made("-XMP-lr:HierarchicalSubject=Trips|Alps")
    ids = [await house.upload(file, user=someone.name)]
    ids.append(await house.upload(made("-IPTC:Keywords=Trips", name="other.jpg"), user=someone.name))
    await house.drain()
    tags = await values(someone)
    assert list(tags) == ["Trips", "Trips/Alps"]
    expect(await someone.client.put(f"/api/tags/{tags['Trips']}", json={"name": "Travel"}), 200)
    await house.drain()
    assert [await in_sidecar(house, exiftool, each) for each in ids] == [["Travel/Alps"], ["Travel"]]
    for asset_id in ids:
        await read_again(house, asset_id)
    assert {each: tags[f"Trips{each.removeprefix('Travel')}"] for each in await values(someone)} == await values(
        someone
    )
    expect(await someone.client.delete(f"/api/tags/{tags['Trips']}"), 204)
    await house.drain()
    assert [await in_sidecar(house, exiftool, each) for each in ids] == [[], []]
    for asset_id in ids:
        await read_again(house, asset_id)
        assert await someone.tags_of(asset_id) == []
    assert await values(someone) == {}


async def test_what_was_read_while_it_was_off_is_made_up_for(
    someone: Any, house: RunningHost, made: Callable[..., Path]
) -> None:
    before = await house.upload(made("-IPTC:Keywords=old", name="before.jpg"), user=someone.name)
    await house.drain()
    await house.turn_off("tags")
    asset_id = await house.upload(made("-IPTC:Keywords=new"), user=someone.name)
    await house.kernel.assets.write_exif(before, tags=["changed"])
    await house.drain()
    assert (await someone.tags_of(asset_id), await values(someone)) == ([], {})
    await house.turn_on("tags")
    assert await someone.tags_of(before) == ["old"]
    assert await house.kernel.job_room.commands.request_missing("tags")
    await house.drain()
    assert (await someone.tags_of(asset_id), await someone.tags_of(before)) == (["new"], ["changed"])
    assert [each async for each in jobs.missing(house.kernel)] == []


@pytest.mark.skipif(not SHARED.exists(), reason="the shared photos are not on this machine")
async def test_a_real_photo(someone: Any, house: RunningHost, exiftool: Exiftool) -> None:
    asset_id = await house.upload(SHARED / "tags" / "picasa.jpg", user=someone.name)
    await house.drain()
    tags = await values(someone)
    assert list(tags) == ["Frost", "Yard"] == await someone.tags_of(asset_id)
    assert await someone.take(tags["Frost"], asset_id) == [None]
    await house.drain()
    assert await in_sidecar(house, exiftool, asset_id) == ["Yard"]
