"""Who may use which route: every kind of caller against every kind of rule."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import FREE, Caller, Route, Routes
from immich_host.wire.access import require_elevated
from immich_host.wire.gate import check

READ, UPDATE = Permission.ASSET_READ, Permission.ASSET_UPDATE


async def handler() -> None:
    """Do nothing."""


def route(**rules: Any) -> Route:
    return Route(**{"method": "GET", "path": "/x", "handler": handler, "tag": "T", "permission": READ} | rules)


@pytest.mark.parametrize(
    ("rules", "who", "refusal"),
    [
        ({}, None, (401, "Authentication required")),
        ({}, "user", None),
        ({}, "reader", None),
        ({}, "all", None),
        ({}, "link", (403, "Forbidden")),
        ({}, "admin-link", (403, "Forbidden")),
        ({"permission": UPDATE}, "user", None),
        ({"permission": UPDATE}, "all", None),
        ({"permission": UPDATE}, "reader", (403, "Missing required permission: asset.update")),
        ({"permission": Permission.ALL}, "reader", (403, "Missing required permission: all")),
        ({"permission": Permission.ALL}, "user", None),
        ({"permission": FREE}, "reader", None),
        ({"permission": FREE}, None, (401, "Authentication required")),
        ({"admin": True}, "user", (403, "Forbidden")),
        ({"admin": True}, "reader", (403, "Forbidden")),
        ({"admin": True}, "admin", None),
        ({"admin": True}, "admin-key", None),
        ({"admin": True}, "admin-link", (403, "Forbidden")),
        ({"shared_link": True}, "link", None),
        ({"shared_link": True}, "user", None),
        ({}, "locked-link", (403, "Forbidden")),
        ({"shared_link": True}, "locked-link", (401, "Password required")),
        ({"shared_link": True, "before_password": True}, "locked-link", None),
        ({"before_password": True}, "link", (403, "Forbidden")),
        ({"shared_link": True, "permission": UPDATE}, "link", None),
        ({"shared_link": True}, None, (401, "Authentication required")),
        ({"session_only": True}, "user", None),
        ({"session_only": True}, "all", (403, "A signed-in session is required")),
        ({"permission": None, "public": True}, None, None),
    ],
)
def test_rules(rules: dict[str, Any], who: str | None, refusal: tuple[int, str] | None, callers: dict[str, Caller]):
    asked = callers[who] if who else None
    if refusal is None:
        check(route(**rules), asked)
        return
    with pytest.raises(Refused) as caught:
        check(route(**rules), asked)
    assert (caught.value.status, caught.value.message) == refusal


def test_elevation(callers: dict[str, Caller]):
    with pytest.raises(Refused, match="Elevated permission is required") as caught:
        require_elevated(callers["user"])
    assert caught.value.status == 401


async def test_routes_ask_the_gate(serve: Callable[..., Any]):
    routes = Routes("T")
    calls = 0

    @routes.get("/secret", permission=UPDATE)
    async def secret(caller: Caller) -> dict[str, str]:
        nonlocal calls
        calls += 1
        return {"name": caller.name}

    client = serve(routes).client
    for headers, status in (({}, 401), ({"x-who": "bad"}, 401), ({"x-who": "reader"}, 403), ({"x-who": "link"}, 403)):
        answer = await client.get("/api/secret", headers=headers)
        assert answer.status_code == status
    assert calls == 0
    assert await (await client.get("/api/secret", headers={"cookie": "who=user"})).get_json() == {"name": "Ada"}
    assert calls == 1


async def test_cookies_may_come_in_several_headers(serve: Callable[..., Any]):
    routes = Routes("T")

    @routes.get("/name", permission=READ)
    async def name(caller: Caller) -> str:
        return caller.name

    headers = Headers([("cookie", "who=user"), ("cookie", "theme=dark")])
    assert await (await serve(routes).client.get("/api/name", headers=headers)).get_json() == "Ada"


async def test_guard_sees_the_caller_and_can_refuse(serve: Callable[..., Any]):
    routes = Routes("T")
    seen: list[Any] = []

    @routes.get("/things/{id}", permission=READ)
    async def thing(id: str) -> dict[str, str]:
        return {"id": id}

    async def guard(request: Any, user: Caller | None) -> None:
        seen.append((request["method"], request["path"], request["route"], user and user.name))
        raise Refused(403, "Closed today")

    answer = await serve(routes, guard=guard).client.get("/api/things/7?a=b", headers={"x-who": "user"})
    assert (answer.status_code, await answer.get_json()) == (403, {"message": "Closed today"})
    assert seen == [("GET", "/api/things/7", "/things/{id}", "Ada")]


async def test_answers_are_reported(serve: Callable[..., Any]):
    routes, seen = Routes("T"), []

    @routes.get("/ok", public=True)
    async def ok() -> None:
        """Answer nothing."""

    served = serve(routes, responded=lambda request, status, seconds: seen.append((request["path"], status, seconds)))
    await served.client.get("/api/ok")
    assert [(path, status) for path, status, _ in seen] == [("/api/ok", 204)]
    assert 0 <= seen[0][2] < 5
