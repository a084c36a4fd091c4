from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import pytest

from immich_host.hosting import Record
from immich_host.plugin_api import Plugin, hookimpl
from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from immich_host.users.pictures import LARGEST, kind_of

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 5000
JPEG = b"\xff\xd8\xff\xe0" + b"y" * 100
HEIC = b"\x00\x00\x00\x18ftypheic" + b"z" * 100


async def sent(house: RunningHost, content: bytes, status: int = 201, *, name: str = "me.bin") -> dict[str, str]:
    client = await house.client()
    return expect(await client.post("/api/users/profile-image", files={"file": (name, content)}), status)


async def test_a_picture_from_storing_to_removing(house: RunningHost) -> None:
    client = await house.client()
    path = f"/api/users/{await house.user_id()}/profile-image"
    assert expect(await client.get(path), 404) == {"message": "User does not have a profile image"}
    stored = await sent(house, PNG)
    assert set(stored) == {"userId", "profileChangedAt", "profileImagePath"}
    first = Path(stored["profileImagePath"])
    assert first.suffix == ".png"
    assert first.read_bytes() == PNG
    answer = await client.get(path)
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "private, max-age=86400, no-transform"
    for known in (answer.headers["etag"], f'"other", W/{answer.headers["etag"]}', "*"):
        again = await client.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    second = Path((await sent(house, JPEG))["profileImagePath"])
    assert (await client.get(path)).content == JPEG
    await house.drain()
    assert not first.exists()
    assert expect(await client.get("/api/users/me"), 200)["profileImagePath"] == str(second)
    expect(await client.delete("/api/users/profile-image"), 204)
    expect(await client.delete("/api/users/profile-image"), 400)
    await house.drain()
    assert list(second.parent.iterdir()) == []
    expect(await client.get(f"/api/users/{uuid4()}/profile-image"), 400)


@pytest.mark.parametrize("content", [b"", b"<svg onload='alert(1)'/>", HEIC, b"GIF"])
async def test_what_browsers_do_not_show_is_refused_and_removed(house: RunningHost, content: bytes) -> None:
    assert await sent(house, content, 400, name="me.png") == {"message": "Unsupported file type"}
    folder = house.kernel.paths.root / "profile" / str(await house.user_id())
    assert list(folder.iterdir()) == []


async def test_what_is_no_picture_at_all(house: RunningHost) -> None:
    client = await house.client()
    expect(await client.post("/api/users/profile-image"), 400)
    expect(await client.post("/api/users/profile-image", files={"other": ("a.png", PNG)}), 400)
    answer = await client.post("/api/users/profile-image", files={"file": ("a.png", PNG + bytes(LARGEST))})
    assert expect(answer, 413) == {"message": "A profile image may have 20 MB at most"}


def converter() -> Record:
    """A plugin that turns every picture into a JPEG."""

    @hookimpl
    async def profile_image_stored(file: Path) -> None:
        file.write_bytes(JPEG)

    hooks = ModuleType("converter.hooks")
    hooks.profile_image_stored = profile_image_stored  # type: ignore[attr-defined]
    return Record("converter", manifest=Plugin("converter", api=">=1,<2"), hooks=hooks)


async def test_a_plugin_may_rewrite_the_picture(host: Callable[..., Awaitable[RunningHost]]) -> None:
    house = await host(plugins=[], records=[converter()])
    stored = await sent(house, HEIC)
    assert Path(stored["profileImagePath"]).suffix == ".jpg"


def test_kinds() -> None:
    assert kind_of(b"\x00\x00\x00\x1cftypavif") == ".avif"
    assert kind_of(b"RIFF\x00\x00\x00\x00WEBPVP8 ") == ".webp"
    assert kind_of(b"GIF89a") == ".gif"
    assert kind_of(b"RIFF\x00\x00\x00\x00WAVE") is None
    assert kind_of(b"") is None
