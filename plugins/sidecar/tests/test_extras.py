"""What other plugins hand in, by one that is made here: tags and named faces into the file and back."""

import json
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from immich_host.hosting import Record
from immich_host.plugin_api import Plugin, hookimpl
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost

ANN = {"name": "Ann", "x1": 0.1, "y1": 0.2, "x2": 0.3, "y2": 0.6}
BEN = {"name": "Ben", "x1": 0.5, "y1": 0.2, "x2": 0.7, "y2": 0.6}
ReadTags = Callable[[Path], dict[str, Any]]


class Album(dict[str, dict[UUID, Any]]):
    """What the plugin `album` hands in: field -> asset -> list; an error in it is raised."""

    error: Exception | None = None

    def record(self) -> Record:
        """The plugin, as if it were installed."""

        @hookimpl(optional=True)
        async def sidecar_extras(asset_ids: Sequence[UUID]) -> Mapping[str, Mapping[UUID, Any]]:
            if self.error:
                raise self.error
            return {field: {one: value for one, value in of.items() if one in asset_ids} for field, of in self.items()}

        hooks = ModuleType("immich_album.hooks")
        hooks.sidecar_extras = sidecar_extras  # type: ignore[attr-defined]
        return Record("album", manifest=Plugin("album", wants=("sidecar",)), hooks=hooks)


@pytest.fixture
def album() -> Album:
    return Album()


def picture(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = BytesIO()
    Image.new("RGB", (40, 20), "teal").save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


async def ready(host: MakeHost, album: Album, orientation: int = 1, **options: Any) -> tuple[RunningHost, UUID]:
    server = await host(plugins=["sidecar", "metadata"], records=[album.record()])
    asset_id = await server.upload(picture(orientation), **options)
    await server.drain()
    return server, asset_id


async def write(server: RunningHost, asset_id: UUID) -> None:
    await server.kernel.jobs.request("sidecar.write", asset_id=asset_id, cause="people")
    await server.drain()


async def sidecar(server: RunningHost, asset_id: UUID) -> Path | None:
    files = await server.kernel.files.of_asset(asset_id)
    return next((file.path for file in files if file.type == "sidecar"), None)


async def exif(server: RunningHost, asset_id: UUID) -> dict[str, Any]:
    return dict(await server.kernel.db.fetchrow("SELECT * FROM asset_exif WHERE asset_id = $1", asset_id))


@pytest.mark.parametrize(("orientation", "area"), [(1, ["0.200000", "0.400000"]), (6, ["0.400000", "0.800000"])])
async def test_faces_go_into_the_sidecar(
    host: MakeHost, album: Album, properties: Callable[[Path], dict[str, str]], orientation: int, area: list[str]
) -> None:
    server, asset_id = await ready(host, album, orientation)
    album["people"] = {asset_id: [ANN]}
    await write(server, asset_id)
    path = await sidecar(server, asset_id)
    assert path is not None
    found = properties(path)
    region = "mwg-rs:Regions/mwg-rs:RegionList/rdf:Bag/rdf:li.1"
    assert (found[f"{region}/mwg-rs:Name"], found[f"{region}/mwg-rs:Type"]) == ("Ann", "Face")
    assert [found[f"{region}/mwg-rs:Area/stArea:{key}"] for key in "xy"] == area
    size = "mwg-rs:Regions/mwg-rs:AppliedToDimensions/stDim"
    assert (found[f"{size}:w"], found[f"{size}:h"]) == ("40", "20"), "of the picture as it is stored"


async def test_faces_that_come_and_go(host: MakeHost, album: Album, stranger: Path, tags: ReadTags) -> None:
    server, asset_id = await ready(host, album, sidecar=stranger)
    path = await sidecar(server, asset_id)
    assert path is not None
    album["people"] = {asset_id: [ANN, BEN]}
    await write(server, asset_id)
    assert tags(path)["RegionName"] == ["Ann", "Ben"]
    assert (tags(path)["History"], tags(path)["Description"]) == ("kept", "old")
    album["people"] = {asset_id: [BEN | {"name": "Bea"}]}
    await write(server, asset_id)
    assert tags(path)["RegionName"] == "Bea"
    written = path.stat().st_mtime_ns
    await write(server, asset_id)
    assert path.stat().st_mtime_ns == written, "a file that holds everything is left alone"
    del album["people"][asset_id]
    await write(server, asset_id)
    assert tags(path)["RegionName"] == "Bea", "of an asset that is not named nothing is known"
    album["people"] = {asset_id: []}
    await write(server, asset_id)
    assert "RegionName" not in tags(path)
    assert tags(path)["History"] == "kept"
    assert await server.kernel.db.fetchval("SELECT count(*) FROM sidecar_people") == 0


async def test_tags_take_the_place_of_the_column_and_are_read_back(
    host: MakeHost, album: Album, tags: ReadTags
) -> None:
    server, asset_id = await ready(host, album)
    album["tags"] = {asset_id: ["Trips/Alps", "2024"]}
    await write(server, asset_id)
    path = await sidecar(server, asset_id)
    assert path is not None
    assert [str(each) for each in tags(path)["TagsList"]] == ["Trips/Alps", "2024"]
    found = await exif(server, asset_id)
    assert (found["tags"], found["locked_properties"]) == (["Trips/Alps", "2024"], [])
    written = path.stat().st_mtime_ns
    await write(server, asset_id)
    assert path.stat().st_mtime_ns == written
    album["tags"] = {asset_id: []}
    await write(server, asset_id)
    assert not (await exif(server, asset_id))["tags"]


async def test_faces_go_with_an_edit(host: MakeHost, album: Album, tags: ReadTags) -> None:
    server, asset_id = await ready(host, album)
    album["people"], album["tags"] = {asset_id: [ANN]}, {asset_id: ["a"]}
    client = await server.client()
    await client.put(f"/api/assets/{asset_id}", json={"rating": 4, "description": "both"})
    await server.drain()
    path = await sidecar(server, asset_id)
    assert path is not None
    found = tags(path)
    assert (found["Rating"], found["Description"], found["RegionName"], found["TagsList"]) == (4, "both", "Ann", "a")
    kept = await exif(server, asset_id)
    assert (kept["rating"], kept["description"], kept["tags"], kept["locked_properties"]) == (4, "both", ["a"], [])


async def test_nothing_is_made_of_nothing(host: MakeHost, album: Album) -> None:
    server, asset_id = await ready(host, album)
    album["people"], album["tags"] = {asset_id: []}, {asset_id: []}
    await write(server, asset_id)
    assert await sidecar(server, asset_id) is None


async def test_a_bad_box_is_left_out_and_the_others_are_written(host: MakeHost, album: Album, tags: ReadTags) -> None:
    server, asset_id = await ready(host, album)
    album["people"] = {asset_id: [{"name": "Nobody"}, ANN | {"x2": 7}, BEN]}
    await write(server, asset_id)
    path = await sidecar(server, asset_id)
    assert path is not None
    assert tags(path)["RegionName"] == "Ben"


async def test_what_a_plugin_raises_writes_nothing(host: MakeHost, album: Album) -> None:
    server, asset_id = await ready(host, album)
    album.error = ValueError("no people today")
    client = await server.client()
    await client.put(f"/api/assets/{asset_id}", json={"rating": 4})
    with pytest.raises(Exception, match="no people today"):
        await server.drain()
    assert await sidecar(server, asset_id) is None
    assert (await exif(server, asset_id))["locked_properties"] == ["rating"]
    album.error = None
    await server.kernel.job_room.commands.request_missing("sidecar")
    await server.drain()
    assert await sidecar(server, asset_id) is not None
    assert (await exif(server, asset_id))["locked_properties"] == []


async def test_a_crash_after_the_file_and_before_its_row(host: MakeHost, album: Album, tags: ReadTags) -> None:
    """The file has the face and the database does not know of it; then the face goes."""
    server, asset_id = await ready(host, album)
    album["people"] = {asset_id: [ANN]}
    await write(server, asset_id)
    path = await sidecar(server, asset_id)
    assert path is not None
    [noted] = json.loads(await server.kernel.db.fetchval("SELECT faces FROM sidecar_people"))
    assert noted["name"] == "Ann"
    await server.kernel.files.forget(asset_id, "sidecar", keep=True)
    await write(server, asset_id)
    assert await sidecar(server, asset_id) == path
    album["people"] = {asset_id: []}
    await write(server, asset_id)
    assert "RegionName" not in tags(path)
