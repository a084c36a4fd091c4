"""What clients ask of the map."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect
from immich_map.settings import MapSettings, ReverseGeocodingSettings

MakePhoto = Callable[..., bytes]
Upload = Callable[..., Awaitable[UUID]]
MUNICH = (48.137, 11.575)


@pytest.fixture
def at(photo_at: MakePhoto) -> Upload:
    async def go(host: RunningHost, latitude: float, *, user: str = "admin") -> UUID:
        return await host.upload(photo_at(latitude, 11.575), name=f"{latitude}.jpg", user=user)

    return go


async def shown(client: httpx.AsyncClient, **query: Any) -> list[str]:
    return [marker["id"] for marker in expect(await client.get("/api/map/markers", params=query), 200)]


async def test_markers(host: MakeHost, at: Upload, photo_at: MakePhoto) -> None:
    server = await host(plugins=["metadata", "map"])
    asset_id = await at(server, MUNICH[0])
    await server.upload(photo_at(None))
    await at(server, 49.0, user="other")
    await server.drain()
    client = await server.client()
    assert expect(await client.get("/api/map/markers"), 200) == [
        {
            "id": str(asset_id),
            "lat": pytest.approx(48.137),
            "lon": pytest.approx(11.575),
            "city": "Munich",
            "state": "Bayern",
            "country": "Germany",
        }
    ]


async def test_which_assets_are_shown(host: MakeHost, at: Upload) -> None:
    server = await host(plugins=["metadata", "map"])
    ids = {
        name: str(await at(server, 48.0 + n)) for n, name in enumerate(("plain", "liked", "archived", "locked", "bin"))
    }
    await server.drain()
    client = await server.client()
    for name, change in (
        ("liked", {"isFavorite": True}),
        ("archived", {"visibility": "archive"}),
        ("locked", {"visibility": "locked"}),
    ):
        expect(await client.put(f"/api/assets/{ids[name]}", json=change), 200)
    expect(await client.request("DELETE", "/api/assets", json={"ids": [ids["bin"]]}), 204)
    usual, favourites = {ids["plain"], ids["liked"]}, [ids["liked"]]
    assert set(await shown(client)) == set(await shown(client, isArchived="false")) == usual
    assert set(await shown(client, isArchived="true")) == usual | {ids["archived"]}
    assert await shown(client, isFavorite="true") == favourites
    assert await shown(client, isFavorite="false") == [ids["plain"]]
    assert set(await shown(client, withPartners="true", withSharedAlbums="true")) == usual


async def test_markers_between_two_dates(host: MakeHost, photo_at: MakePhoto) -> None:
    server = await host(plugins=["map"])
    client = await server.client()
    ids = [
        str(await server.upload(photo_at(None, colour=colour), fileCreatedAt=f"20{year}-06-01T00:00:00.000Z"))
        for year, colour in (("10", "red"), ("15", "green"), ("20", "blue"))
    ]
    body = {"ids": ids, "latitude": MUNICH[0], "longitude": MUNICH[1]}
    expect(await client.put("/api/assets", json=body), 204)
    assert await shown(client) == ids[::-1]
    assert await shown(client, fileCreatedAfter="2015-06-01T00:00:00.000Z") == [ids[2], ids[1]]
    assert await shown(client, fileCreatedBefore="2015-06-01T02:00:00.000+02:00") == [ids[1], ids[0]]
    assert await shown(client, fileCreatedAfter="2011-01-01T00:00:00Z", fileCreatedBefore="2012-01-01T00:00:00Z") == []
    assert (await client.get("/api/map/markers", params={"fileCreatedAfter": "yesterday"})).status_code == 400


async def test_the_name_of_a_point(host: MakeHost) -> None:
    server = await host(plugins=["map"])
    client = await server.client()

    async def named(**query: Any) -> Any:
        return expect(await client.get("/api/map/reverse-geocode", params=query), 200)

    assert await named(lat=48.137, lon=11.575) == [{"city": "Munich", "state": "Bayern", "country": "Germany"}]
    assert await named(lat=23.5, lon=10) == [{"city": None, "state": None, "country": "Algeria"}]
    assert await named(lat=30, lon=-40) == []
    for wrong in ({}, {"lat": 1}, {"lat": 91, "lon": 0}, {"lat": 0, "lon": 180.5}, {"lat": "north", "lon": 0}):
        assert (await client.get("/api/map/reverse-geocode", params=wrong)).status_code == 400
    for wrong in ("nan", "inf", "-inf"):
        assert (await client.get("/api/map/reverse-geocode", params={"lat": wrong, "lon": 0})).status_code == 400


async def test_rights(host: MakeHost) -> None:
    server = await host(plugins=["map"])
    assert (await server.anonymous().get("/api/map/markers")).status_code == 401
    reader = await server.key_client("map.read")
    searcher = await server.key_client("map.search")
    point = "/api/map/reverse-geocode?lat=1&lon=1"
    assert (await reader.get("/api/map/markers")).status_code == 200
    assert (await searcher.get("/api/map/markers")).status_code == 403
    assert (await searcher.get(point)).status_code == 200
    assert (await reader.get(point)).status_code == 403


async def test_settings_and_features(host: MakeHost) -> None:
    server = await host(plugins=["map"])
    client = server.anonymous()

    async def features() -> tuple[bool, bool]:
        found = expect(await client.get("/api/server/features"), 200)
        return found["map"], found["reverseGeocoding"]

    assert await features() == (True, True)
    await server.configure(MapSettings(enabled=False))
    await server.configure(ReverseGeocodingSettings(enabled=False))
    assert await features() == (False, False)
    admin = await server.client()
    config = expect(await admin.get("/api/system-config"), 200)
    assert (config["map"]["enabled"], config["reverseGeocoding"]) == (False, {"enabled": False})
    assert config["map"]["lightStyle"].startswith("https://")
    assert (await client.get("/api/map/markers")).status_code == 401


async def test_places_by_name(host: MakeHost) -> None:
    server = await host(plugins=["map"])
    client = await server.client()

    async def found(name: str) -> list[dict[str, Any]]:
        return expect(await client.get("/api/search/places", params={"name": name}), 200)

    assert (await found("zürich"))[0] == {
        "admin1name": "Zürich",
        "latitude": pytest.approx(47.36667, abs=1e-4),
        "longitude": pytest.approx(8.55, abs=1e-4),
        "name": "Zürich",
    }
    assert (await found("ZURICH"))[0]["admin1name"] == "Zürich"
    assert [place["admin1name"] for place in await found("Paris, Texas")] == ["Texas"]
    assert (await found("paris"))[0]["admin1name"] == "Île-de-France"
    assert (await found("new yor"))[0]["name"] == "New York City"
    assert len(await found("a")) == 20
    assert await found("nowhere at all") == await found(" ") == await found(",") == []
    assert (await client.get("/api/search/places")).status_code == 400
    assert (await (await server.key_client("map.read")).get("/api/search/places?name=a")).status_code == 403
