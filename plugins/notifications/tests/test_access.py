"""Who may ask for what: nobody without credentials, no key without the permission, nobody about what is others'."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]
type Route = tuple[str, str, str, Any]

ID = str(uuid4())
SMTP = {
    "enabled": True,
    "from": "a@host.test",
    "replyTo": "",
    "transport": {"host": "", "port": 1, "secure": False, "ignoreCert": False, "username": "", "password": ""},
}

ROUTES: list[Route] = [
    ("GET", "/notifications", "notification.read", None),
    ("PUT", "/notifications", "notification.update", {"ids": ["{id}"], "readAt": None}),
    ("DELETE", "/notifications", "notification.delete", {"ids": ["{id}"]}),
    ("GET", "/notifications/{id}", "notification.read", None),
    ("PUT", "/notifications/{id}", "notification.update", {"readAt": "2024-05-01T10:11:12.345Z"}),
    ("DELETE", "/notifications/{id}", "notification.delete", None),
]
"""Method, path, permission, body."""

OF_ADMINISTRATORS: list[Route] = [
    ("POST", "/admin/notifications", "all", {"userId": ID, "title": "Hello"}),
    ("POST", "/admin/notifications/templates/welcome", "all", {"template": ""}),
    ("POST", "/admin/notifications/test-email", "all", SMTP),
]


def names(route: Route) -> str:
    return f"{route[0]} {route[1]}"


def filled(value: Any, notice: str) -> Any:
    if isinstance(value, dict):
        return {key: filled(each, notice) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, notice) for each in value]
    return value.replace("{id}", notice) if isinstance(value, str) else value


def test_all_routes_are_here(house: RunningHost) -> None:
    declared = {
        (route.method, route.path.replace("{name}", "welcome"))
        for routes in house.kernel.hosting.records["notifications"].brings.routes
        for route in routes.routes
    }
    assert declared == {(method, path) for method, path, _, _ in (*ROUTES, *OF_ADMINISTRATORS)}


@pytest.mark.parametrize("route", [*ROUTES, *OF_ADMINISTRATORS], ids=names)
async def test_nobody_is_answered_without_credentials(house: RunningHost, route: Route) -> None:
    method, path, _, body = route
    answer = await house.anonymous().request(method, f"/api{filled(path, ID)}", json=filled(body, ID))
    expect(answer, 401)


@pytest.mark.parametrize("route", [*ROUTES, *OF_ADMINISTRATORS], ids=names)
async def test_a_key_needs_the_permission(user: MakeUser, house: RunningHost, route: Route) -> None:
    method, path, permission, body = route
    admin = await user("admin")
    notice = await admin.told()
    without = await house.key_client("album.read")
    answer = await without.request(method, f"/api{filled(path, notice)}", json=filled(body, notice))
    assert permission in expect(answer, 403)["message"]
    holding = await house.key_client(permission)
    answer = await holding.request(method, f"/api{filled(path, notice)}", json=filled(body, notice))
    assert answer.status_code != 403


@pytest.mark.parametrize("route", OF_ADMINISTRATORS, ids=names)
async def test_only_administrators_are_answered(user: MakeUser, route: Route) -> None:
    method, path, _, body = route
    ann = await user("ann")
    assert expect(await ann.client.request(method, f"/api{path}", json=body), 403) == {"message": "Forbidden"}


@pytest.mark.parametrize("route", [route for route in ROUTES if "{id}" in str(route)], ids=names)
async def test_what_is_somebody_elses_is_as_if_it_were_not_there(
    user: MakeUser, house: RunningHost, route: Route
) -> None:
    method, path, permission, body = route
    ann, eve = await user("ann"), await user("eve")
    notice = await ann.told("Secret")
    row = "SELECT * FROM notification WHERE title = 'Secret' AND user_id = $1"
    before = await house.kernel.db.fetchrow(row, ann.id)
    strange = await eve.client.request(method, f"/api{filled(path, notice)}", json=filled(body, notice))
    unknown = await eve.client.request(method, f"/api{filled(path, ID)}", json=filled(body, ID))
    assert expect(strange, 400) == expect(unknown, 400) == {"message": f"Not found or no {permission} access"}
    assert await house.kernel.db.fetchrow(row, ann.id) == before
    await house.kernel.db.execute("DELETE FROM notification WHERE title = 'Secret'")


async def test_an_own_one_beside_a_strange_one_lets_nobody_through(user: MakeUser) -> None:
    ann, eve = await user("ann"), await user("eve")
    secret, mine = await ann.told("Hers"), await eve.told("Mine")
    ids = [mine, secret]
    body = {"ids": ids, "readAt": "2024-05-01T10:11:12.345Z"}
    expect(await eve.client.put("/api/notifications", json=body), 400)
    expect(await eve.client.request("DELETE", "/api/notifications", json={"ids": ids}), 400)
    (kept,) = await eve.notices(id=mine)
    assert "readAt" not in kept
    (hers,) = await ann.notices(id=secret)
    assert "readAt" not in hers
    assert secret not in [one["id"] for one in await eve.notices()]
