from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import ModuleType
from uuid import UUID, uuid4

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
