"""Searches while the library changes."""

import pytest

from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect
from immich_search import bookmarks
from plugins.search.tests.library import ask, fill, names


@pytest.mark.parametrize("is_remembered", [True, False])
async def test_uploads_meanwhile_shift_no_page_that_follows(
    host: MakeHost, monkeypatch: pytest.MonkeyPatch, is_remembered: bool
) -> None:
    if not is_remembered:
        monkeypatch.setattr(bookmarks, "SECONDS", -1.0)
    server = await host(plugins=["search"])
    await fill(server, "ann", 4)
    client = await server.client("ann")
    assert await names(client, page=1, size=2) == [3, 2]
    await server.upload(b"new", name="99.jpg", user="ann", fileCreatedAt="2025-01-01T00:00:00.000Z")
    assert await names(client, page=2, size=2) == ([1, 0] if is_remembered else [2, 1])


async def test_derived_files_by_their_paths(host: MakeHost) -> None:
    server = await host(plugins=["search"])
    (asset_id,) = await fill(server, "ann", 1)
    await fill(server, "ben", 1)
    files, client = server.kernel.files, await server.client("ann")
    for kind, folder, field in (
        ("preview", "thumbs", "previewPath"),
        ("thumbnail", "thumbs", "thumbnailPath"),
        ("encoded_video", "encoded-video", "encodedVideoPath"),
    ):
        path = files.derived_path(folder, await server.user_id("ann"), f"{asset_id}_{kind}")  # type: ignore[arg-type]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        await files.register(asset_id, kind, path)  # type: ignore[arg-type]
        assert await names(client, **{field: str(path)}) == [0]
        assert await names(client, **{field: f"{path}x"}) == []
    assert await names(client, filter={"isEncoded": {"eq": True}}) == [0]
    assert await names(client, filter={"encodedVideoPath": {"ne": str(path)}}) == []


async def test_nothing_is_suggested_of_what_is_not_found(host: MakeHost) -> None:
    server = await host(plugins=["search"])
    ids = await fill(server, "ann", 4)
    client = await server.client("ann")
    expect(await client.put(f"/api/assets/{ids[1]}", json={"visibility": "hidden"}), 200)
    assert await ask(server, "suggestions", type="city") == ["Rome"]
    expect(await client.put(f"/api/assets/{ids[1]}", json={"visibility": "archive"}), 200)
    assert await ask(server, "suggestions", type="city") == ["Paris", "Rome"]
    assert [item["exifInfo"]["city"] for item in await ask(server, "cities")] == ["Rome"]
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(one) for one in ids]}), 204)
    assert await ask(server, "suggestions", type="city") == await ask(server, "cities") == []


async def test_while_it_is_off_there_is_nothing_to_explore_and_no_search(host: MakeHost) -> None:
    server = await host(plugins=["search"])
    await fill(server, "ann", 1)
    anonymous = server.anonymous()
    assert expect(await anonymous.get("/api/server/features"), 200)["search"] is True
    await server.turn_off("search")
    assert expect(await anonymous.get("/api/server/features"), 200)["search"] is False
    assert [group["items"] for group in await ask(server, "explore")] == [[], []]
    client = await server.client("ann")
    assert (await client.post("/api/search/metadata", json={})).status_code == 404
