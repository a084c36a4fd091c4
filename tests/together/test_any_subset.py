"""Whatever plugins are off, the API keeps its shapes: every read, and a photo's way from upload to trash.

One real server for all of it; its plugins are switched by its API. A random choice of plugins is told by the number
in the test's name; `IMMICH_TEST_SEED` makes the same choices again.
"""

import os
import random
import re
from collections.abc import AsyncIterator, Iterable
from importlib.metadata import entry_points
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from immich_host.hosting.discovery import GROUP
from immich_host.testing.host import expect
from tests.together.eyes import Eyes
from tests.together.making import camera_exif, picture
from tests.together.served import Person, Served
from tests.together.shapes import Document

PLUGINS = "/api/admin/plugins"
MONTH = "2023-07-01"
NOBODY = "00000000-0000-4000-8000-000000000000"
QUERY = {"timeBucket": MONTH, "lat": "52.5", "lon": "13.4", "direction": "shared-by"}
INSTALLED = sorted(point.name for point in entry_points(group=GROUP))
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid4().hex)
SEED = int(os.environ.get("IMMICH_TEST_SEED") or int(RUN, 16) % 10**6)
"""Processes that share the tests of one run choose the same."""
AT_RANDOM = 6
TOGETHER_OFF = [INSTALLED[start::7] for start in range(7)]
"""Each plugin is off once, with few others."""


class House:
    """The server, its administrator, its document, and how it answers while all plugins are on."""

    def __init__(self, eyes: Eyes, admin: Person, api: httpx.AsyncClient, document: Document) -> None:
        self.eyes = eyes
        self.admin = admin
        self.api = api
        self.document = document
        self.ids: dict[str, str] = {}
        self.usual: dict[str, int] = {}

    async def plugins(self) -> list[dict[str, Any]]:
        return expect(await self.api.get(PLUGINS), 200)

    async def have_on(self, wanted: Iterable[str]) -> list[dict[str, Any]]:
        """Switch just these on, as far as they have what they require; answers once every process has followed."""
        installed = {one["name"]: one for one in await self.plugins()}
        on = set(wanted)
        while lame := {name for name in on if not on.issuperset(installed[name]["requires"])}:
            on -= lame
        for name, one in installed.items():
            if one["wanted"] and name not in on:
                await self._switch(name, enabled=False)
        left = {name for name in on if not installed[name]["wanted"]}
        while left:
            able = {name for name in left if not left.intersection(installed[name]["requires"])}
            for name in sorted(able):
                await self._switch(name, enabled=True)
            left -= able
        headers = {"Authorization": f"Bearer {self.admin.token}"}
        await self.eyes.all_see(PLUGINS, lambda answer: _on(answer.json()) == on, **headers)
        return await self.plugins()

    async def _switch(self, name: str, *, enabled: bool) -> None:
        expect(await self.api.put(f"{PLUGINS}/{name}", json={"enabled": enabled}), 200)

    async def read(self, path: str) -> httpx.Response:
        """Ask one of the paths of the document."""
        parameters = self.document.operations["GET", path].get("parameters", ())
        needed = [each["name"] for each in parameters if each["in"] == "query" and each["required"]]
        query = {name: QUERY.get(name) or self.ids.get(name, NOBODY) for name in needed}
        filled = re.sub(r"{(\w+)}", lambda found: self._value(path, found[1]), path)
        return await self.api.get(f"/api{filled}", params=query)

    def _value(self, path: str, name: str) -> str:
        """For a parameter of a path: of the first word of the path where it is an id."""
        return self.ids.get(path.removeprefix("/admin").split("/")[1] if name == "id" else f"{path} {name}", NOBODY)

    async def call(self, method: str, path: str, status: int, id: str = "", **request: Any) -> Any:
        """A request that must succeed, in the shape that the document says."""
        answer = await self.api.request(method, f"/api{path.replace('{id}', id)}", **request)
        self.document.check(method, path, answer)
        assert answer.status_code == status, answer.text[:300]
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return answer.json() if is_json else answer.content


def _on(plugins: Iterable[dict[str, Any]]) -> set[str]:
    return {one["name"] for one in plugins if one["status"] == "enabled"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(served: Served, admin: Person) -> AsyncIterator[House]:
    async with Eyes(served) as eyes, admin.client() as api:
        document = Document(expect(await api.get("/api/openapi.json"), 200))
        house = House(eyes, admin, api, document)
        shown = await house.have_on(INSTALLED)
        assert {one["name"]: one["reason"] for one in shown if one["status"] != "enabled"} == {}
        made = expect(await admin.upload(picture(exif=camera_exif()), client=api), 201)
        house.ids = {
            "users": admin.id, "assets": made["id"], "assetId": made["id"],
            "/queues/{name} name": "thumbnailGeneration", "/queues/{name}/jobs name": "thumbnailGeneration",
            "/admin/plugins/{name} name": INSTALLED[0], "/admin/plugins/{name}/settings name": INSTALLED[0],
        }  # fmt: skip
        house.ids |= await _made(api, made["id"])
        await served.idle()
        for method, path in document.operations:
            if method == "GET":
                answer = await house.read(path)
                document.check(method, path, answer)
                house.usual[path] = answer.status_code
        yield house
        await house.have_on(INSTALLED)
        await served.idle()


async def _made(api: httpx.AsyncClient, asset_id: str) -> dict[str, str]:
    """Something of what plugins keep, by the word under which its reads ask for it."""
    album = expect(await api.post("/api/albums", json={"albumName": "Alps", "assetIds": [asset_id]}), 201)["id"]
    link = {"type": "INDIVIDUAL", "assetIds": [asset_id]}
    (tag,) = expect(await api.put("/api/tags", json={"tags": ["alps"]}), 200)
    return {
        "albums": album, "albumId": album, "tags": tag["id"],
        "shared-links": expect(await api.post("/api/shared-links", json=link), 201)["id"],
        "people": expect(await api.post("/api/people", json={"name": "Ada"}), 201)["id"],
    }  # fmt: skip


def test_there_are_reads_of_every_kind(house: House) -> None:
    assert len(house.usual) > 70
    assert sum(status == 200 for status in house.usual.values()) > len(house.usual) * 0.8


async def check_reads(house: House, plugins: list[dict[str, Any]]) -> None:
    """The host's reads answer as ever; those of a plugin that is off are not there, or empty."""
    owners = {
        (route["method"], route["path"]): one["status"] == "enabled" for one in plugins for route in one["routes"]
    }
    for path, usual in house.usual.items():
        answer = await house.read(path)
        house.document.check("GET", path, answer)
        is_there = owners.get(("GET", path))
        if is_there is None:
            assert answer.status_code == usual, f"{path}: {answer.status_code} {answer.text[:300]}"
        elif not is_there:
            assert answer.status_code in {200, 404}, path


async def check_life(house: House, served: Served, plugins: list[dict[str, Any]]) -> None:
    """A photo is uploaded, seen, changed, downloaded, thrown away, taken back, and erased."""
    photo = picture(exif=camera_exif())
    made = expect(await house.admin.upload(photo, "life.jpg", client=house.api), 201)
    asset_id = made["id"]
    await served.idle()
    asset = await house.call("GET", "/assets/{id}", 200, asset_id)
    query = {"timeBucket": asset["localDateTime"][:7] + "-01", "visibility": "timeline"}
    assert asset_id in (await house.call("GET", "/timeline/bucket", 200, params=query))["id"]
    buckets = await house.call("GET", "/timeline/buckets", 200, params={"visibility": "timeline"})
    assert query["timeBucket"] in [bucket["timeBucket"] for bucket in buckets]
    can_be_seen = any(one["status"] == "enabled" and "viewable" in one["provides"] for one in plugins)
    small = await house.api.get(f"/api/assets/{asset_id}/thumbnail")
    assert small.status_code == (200 if can_be_seen else 404), small.text[:300]
    assert await house.call("GET", "/assets/{id}/original", 200, asset_id) == photo
    changed = await house.call("PUT", "/assets/{id}", 200, asset_id, json={"isFavorite": True, "description": "mine"})
    assert (changed["isFavorite"], changed["exifInfo"]["description"]) == (True, "mine")
    body = {"assetIds": [asset_id]}
    assert (await house.call("POST", "/download/info", 201, json=body))["totalSize"] == len(photo)
    assert photo in await house.call("POST", "/download/archive", 200, json=body)
    await house.call("DELETE", "/assets", 204, json={"ids": [asset_id]})
    assert (await house.call("GET", "/assets/{id}", 200, asset_id))["isTrashed"]
    assert await house.call("POST", "/trash/restore/assets", 200, json={"ids": [asset_id]}) == {"count": 1}
    await house.call("DELETE", "/assets", 204, json={"ids": [asset_id], "force": True})
    await served.idle()
    assert (await house.api.get(f"/api/assets/{asset_id}")).status_code == 400


async def check(house: House, served: Served, wanted: Iterable[str]) -> None:
    plugins = await house.have_on(wanted)
    await check_reads(house, plugins)
    await check_life(house, served, plugins)


async def test_with_every_plugin_off(house: House, served: Served) -> None:
    await check(house, served, ())


@pytest.mark.parametrize("names", TOGETHER_OFF, ids="+".join)
async def test_without(house: House, served: Served, names: list[str]) -> None:
    await check(house, served, set(INSTALLED) - set(names))


@pytest.mark.parametrize("seed", range(SEED, SEED + AT_RANDOM))
async def test_with_some_at_random(house: House, served: Served, seed: int) -> None:
    chance = random.Random(seed)
    await check(house, served, [name for name in INSTALLED if chance.random() < 0.5])
