import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.hosting import Record
from immich_host.plugin_api import Caller, Plugin, hookimpl
from immich_host.plugin_api.web import SharedLinkView
from immich_host.testing import RunningHost
from immich_host.testing.host import expect

OWNER = UUID("8b6a3b0e-5a1c-4f0e-9d5a-0c1f6f3d7a11")


def sharing(asked: list[object]) -> Record:
    """A plugin that knows one link."""
    view = SharedLinkView(uuid4(), None, allow_upload=False, allow_download=True, show_metadata=True)

    @hookimpl
    async def share_link(key: str | None, slug: str | None, password_tokens: Sequence[str]) -> Mapping[str, Caller]:
        asked.append((key, slug, list(password_tokens)))
        link = Caller(user_id=OWNER, email="a@host.test", name="A", is_admin=True, shared_link=view)
        return {"good": link} if "good" in {key, slug} else {}

    hooks = ModuleType("links.hooks")
    hooks.share_link = share_link  # type: ignore[attr-defined]
    return Record("links", manifest=Plugin("links", api=">=1,<2"), hooks=hooks)


async def test_callers_by_shared_link_come_from_a_plugin(host: Callable[..., Awaitable[RunningHost]]) -> None:
    asked: list[object] = []
    house = await host(plugins=[], records=[sharing(asked)])
    await house.client()
    client = house.anonymous(cookies={"immich_shared_link_token": "one,two"})
    for params, call in (
        ({"key": "good"}, ("good", None, ["one", "two"])),
        ({"slug": "good"}, (None, "good", ["one", "two"])),
    ):
        for path in ("/api/users/me", "/api/admin/users"):
            assert expect(await client.get(path, params=params), 403) == {"message": "Forbidden"}
        assert asked[-1] == call
    assert expect(await client.get("/api/users/me", params={"key": "bad"}), 401) == {"message": "Invalid share key"}


class Linked:
    """A plugin that lets a link show everything, as far as the host asks."""

    def __init__(self) -> None:
        self.view = SharedLinkView(uuid4(), None, allow_upload=True, allow_download=True, show_metadata=True)
        self.owner = OWNER

    def record(self) -> Record:
        @hookimpl
        async def share_link(key: str | None) -> Mapping[str, Caller]:
            caller = Caller(user_id=self.owner, email="", name="", is_admin=True, shared_link=self.view)
            return {key: caller} if key else {}

        @hookimpl
        async def asset_access(asset_ids: Sequence[UUID]) -> set[UUID]:
            return set(asset_ids)

        hooks = ModuleType("linked.hooks")
        vars(hooks).update(share_link=share_link, asset_access=asset_access)
        return Record("linked", manifest=Plugin("linked", api=">=1,<2"), hooks=hooks)


@pytest.fixture
async def linked(host: Callable[..., Awaitable[RunningHost]]) -> tuple[RunningHost, Linked]:
    link = Linked()
    running = await host(plugins=[], records=[link.record()])
    link.owner = await running.user_id()
    return running, link


async def test_by_a_link_that_forbids_it_nothing_is_downloaded_whatever_plugins_grant(
    linked: tuple[RunningHost, Linked],
) -> None:
    running, link = linked
    asset_id, client = await running.upload(b"a photo"), running.anonymous()
    for allowed, status in ((True, 200), (False, 404)):
        link.view = replace(link.view, allow_download=allowed)
        answer = await client.get(f"/api/assets/{asset_id}/original", params={"key": "k"})
        assert answer.status_code == status
        expect(await client.get(f"/api/assets/{asset_id}", params={"key": "k"}), 200)
    link.view = replace(link.view, wants_password=True)
    for path in (f"/api/assets/{asset_id}", f"/api/assets/{asset_id}/original", "/api/timeline/buckets"):
        answer = await client.get(path, params={"key": "k"})
        assert expect(answer, 401) == {"message": "Password required"}


async def test_who_uploads_by_a_link_says_nothing_of_the_owners_library(linked: tuple[RunningHost, Linked]) -> None:
    running, _ = linked
    video = await running.upload(b"a video", name="a.mp4")
    client, owner = running.anonymous(), await running.client()
    form = {
        "fileCreatedAt": "2024-05-01T10:11:12Z", "fileModifiedAt": "2024-05-01T10:11:12Z", "isFavorite": "true",
        "visibility": "locked", "livePhotoVideoId": str(video),
    }  # fmt: skip
    files: Any = {"assetData": ("a.jpg", b"from a guest")}
    made = expect(await client.post("/api/assets", data=form, files=files, params={"key": "k"}), 201)
    asset = expect(await owner.get(f"/api/assets/{made['id']}"), 200)
    assert (asset["isFavorite"], asset["visibility"], asset["livePhotoVideoId"]) == (False, "timeline", None)
    assert expect(await owner.get(f"/api/assets/{video}"), 200)["visibility"] == "timeline"


async def test_knowing_a_checksum_is_not_having_the_file(linked: tuple[RunningHost, Linked]) -> None:
    running, _ = linked
    private = b"a private photo"
    known = await running.upload(private)
    form = {"fileCreatedAt": "2024-05-01T10:11:12Z", "fileModifiedAt": "2024-05-01T10:11:12Z"}
    headers = {"x-immich-checksum": hashlib.sha1(private, usedforsecurity=False).hexdigest()}
    for content, status in ((b"something else", 201), (private, 200)):
        answer = await running.anonymous().post(
            "/api/assets", data=form, files={"assetData": ("a.jpg", content)}, params={"key": "k"}, headers=headers
        )
        assert (expect(answer, status)["id"] == str(known)) is (content == private)
