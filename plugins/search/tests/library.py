"""A host with photos of two users, of which a search finds some."""

from typing import Any
from uuid import UUID

import httpx

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

PLACES = [("Rome", "Lazio", "Italy"), ("Paris", None, "France"), ("Rome", "Lazio", "Italy"), (None, None, "Italy")]
CAMERAS = [("Canon", "EOS R5", "RF50"), ("Canon", "EOS 80D", None), ("Apple", "iPhone 15", "back")]


async def fill(host: RunningHost, user: str, amount: int) -> list[UUID]:
    """Photos, one a day from 2024-01-01, with places and cameras by turns and sizes that grow."""
    ids: list[UUID] = []
    for number in range(amount):
        taken = f"2024-01-{number + 1:02}T10:00:00.000Z"
        ids.append(await host.upload(f"{user}{number}".encode(), name=f"{number}.jpg", user=user, fileCreatedAt=taken))
    await host.drain()
    for number, asset_id in enumerate(ids):
        city, state, country = PLACES[number % len(PLACES)]
        make, model, lens = CAMERAS[number % len(CAMERAS)]
        exif: dict[str, Any] = {
            "city": city,
            "state": state,
            "country": country,
            "make": make,
            "model": model,
            "lens_model": lens,
        }
        await host.kernel.assets.write_exif(
            asset_id, **exif, file_size_in_byte=1000 * number, rating=number % 6 or None
        )
    return ids


async def search(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    """The `assets` of a page of `/search/metadata`."""
    return expect(await client.post("/api/search/metadata", json=body), 200)["assets"]


async def names(client: httpx.AsyncClient, **body: Any) -> list[int]:
    """The numbers of the photos on a page."""
    return [number_of(item) for item in (await search(client, **body))["items"]]


def number_of(item: dict[str, Any]) -> int:
    """Which photo this is."""
    return int(item["originalFileName"].removesuffix(".jpg"))


async def ask(host: RunningHost, path: str, user: str = "ann", **query: Any) -> Any:
    """What a GET below `/search` answers."""
    return expect(await (await host.client(user)).get(f"/api/search/{path}", params=query), 200)


async def post(host: RunningHost, path: str, body: Any = None, user: str = "ann", **query: Any) -> Any:
    """What a POST below `/search` answers."""
    return expect(await (await host.client(user)).post(f"/api/search/{path}", json=body, params=query), 200)
