"""A small app of its own: a few routes, a gate that reads one header, a host that knows which plugins are on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, Routes, SharedLinkView
from immich_host.wire.binding import bind, configure
from immich_host.wire.catalogue import Catalogue
from immich_host.wire.idle import idle_routes

USER = UUID("8b6a3b0e-5a1c-4f0e-9d5a-0c1f6f3d7a11")
LINK = SharedLinkView(USER, None, allow_upload=False, allow_download=True, show_metadata=True)


def caller(**changes: Any) -> Caller:
    return Caller(**{"user_id": USER, "email": "ada@example.org", "name": "Ada", "is_admin": False} | changes)


CALLERS: dict[str, Caller] = {
    "user": caller(),
    "admin": caller(is_admin=True),
    "reader": caller(permissions=frozenset({Permission.ASSET_READ})),
    "all": caller(permissions=frozenset({Permission.ALL})),
    "admin-key": caller(is_admin=True, permissions=frozenset({Permission.ASSET_READ})),
    "link": caller(shared_link=LINK),
    "locked-link": caller(shared_link=replace(LINK, wants_password=True)),
    "admin-link": caller(is_admin=True, shared_link=LINK),
}


class HeaderGate:
    """Takes the caller's word from the header `x-who`."""

    async def identify(
        self, headers: Mapping[str, str], query_string: bytes, cookies: Mapping[str, str]
    ) -> Caller | None:
        del query_string
        who = headers.get("x-who") or cookies.get("who")
        if who == "bad":
            raise Refused(401, "Invalid user token")
        return CALLERS[who] if who else None


@dataclass
class PluginSwitch:
    """The part of the host that the wire asks: which plugins are on."""

    on: set[str] = field(default_factory=set)

    def is_enabled(self, plugin: str) -> bool:
        return plugin in self.on


@dataclass
class Served:
    client: Client
    app: Quart
    switch: PluginSwitch


type Serve = Callable[..., Served]


@pytest.fixture
def serve() -> Serve:
    def make(routes: Routes | None = None, plugins: Mapping[str, Routes] | None = None, **hooks: Any) -> Served:
        app, switch, catalogue = Quart("wire-test"), PluginSwitch(), Catalogue()
        configure(app)
        if routes is not None:
            catalogue.add(routes)
        for name, brought in (plugins or {}).items():
            catalogue.add(brought, name)
        catalogue.add_idle(idle_routes())
        bind(app, catalogue, switch, HeaderGate(), **hooks)
        return Served(app.test_client(), app, switch)

    return make


@pytest.fixture
def callers() -> dict[str, Caller]:
    return CALLERS
