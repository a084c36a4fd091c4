"""Who may ask for what: nobody without credentials, no key without the permission, nobody about what is others'."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.access import Ask, hides, needs_credentials, needs_permission, routes_of
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]

SMTP = {
    "enabled": True,
    "from": "a@host.test",
    "replyTo": "",
    "transport": {"host": "", "port": 1, "secure": False, "ignoreCert": False, "username": "", "password": ""},
}

ASKS = [
    Ask("GET", "/notifications", "notification.read"),
    Ask("PUT", "/notifications", "notification.update", {"ids": ["{id}"], "readAt": None}),
    Ask("DELETE", "/notifications", "notification.delete", {"ids": ["{id}"]}),
    Ask("GET", "/notifications/{id}", "notification.read"),
    Ask("PUT", "/notifications/{id}", "notification.update", {"readAt": "2024-05-01T10:11:12.345Z"}),
    Ask("DELETE", "/notifications/{id}", "notification.delete"),
]

OF_ADMINISTRATORS = [
    Ask("POST", "/admin/notifications", "all", {"userId": "{user}", "title": "Hello"}),
    Ask("POST", "/admin/notifications/templates/{template}", "all", {"template": ""}),
    Ask("POST", "/admin/notifications/test-email", "all", SMTP),
]


def test_all_routes_are_here(house: RunningHost) -> None:
    assert routes_of(house, "notifications") == {ask.route for ask in (*ASKS, *OF_ADMINISTRATORS)}


@pytest.mark.parametrize("ask", [*ASKS, *OF_ADMINISTRATORS], ids=str)
async def test_nobody_is_answered_without_credentials(house: RunningHost, ask: Ask) -> None:
    await needs_credentials(house, ask)


@pytest.mark.parametrize("ask", [*ASKS, *OF_ADMINISTRATORS], ids=str)
async def test_a_key_needs_the_permission(user: MakeUser, house: RunningHost, ask: Ask) -> None:
    admin = await user("admin")
    await needs_permission(house, ask, {"id": await admin.told()})


@pytest.mark.parametrize("ask", OF_ADMINISTRATORS, ids=str)
async def test_only_administrators_are_answered(user: MakeUser, ask: Ask) -> None:
    ann = await user("ann")
    assert expect(await ask.send(ann.client, {"template": "welcome"}), 403) == {"message": "Forbidden"}


@pytest.mark.parametrize("ask", [ask for ask in ASKS if ask.names("id")], ids=str)
async def test_what_is_somebody_elses_is_as_if_it_were_not_there(user: MakeUser, house: RunningHost, ask: Ask) -> None:
    ann, eve = await user("ann"), await user("eve")
    notice = await ann.told("Secret")
    row = "SELECT * FROM notification WHERE title = 'Secret' AND user_id = $1"
    before = await house.kernel.db.fetchrow(row, ann.id)
    strange = await hides(ask, eve.client, {"id": notice})
    assert expect(strange, 400) == {"message": f"Not found or no {ask.permission} access"}
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
