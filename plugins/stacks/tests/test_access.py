"""Who may ask for what: nobody without credentials, no key without the permission, nobody about what is others'."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.access import Ask, hides, needs_credentials, needs_permission, routes_of
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]


ASKS = [
    Ask("GET", "/stacks", "stack.read"),
    Ask("POST", "/stacks", "stack.create", {"assetIds": ["{first}", "{second}"]}),
    Ask("DELETE", "/stacks", "stack.delete", {"ids": ["{stack}"]}),
    Ask("GET", "/stacks/{stack}", "stack.read"),
    Ask("PUT", "/stacks/{stack}", "stack.update", {"primaryAssetId": "{second}"}),
    Ask("DELETE", "/stacks/{stack}", "stack.delete"),
    Ask("DELETE", "/stacks/{stack}/assets/{second}", "stack.update"),
]


@pytest.fixture
async def things(user: MakeUser) -> dict[str, str]:
    """Ids of what is Ann's."""
    ann = await user("ann")
    first, second, third = await ann.photos(3)
    stack = await ann.stack(first, second, third)
    return {"stack": stack["id"], "first": first, "second": second}


def test_all_routes_are_here(house: RunningHost) -> None:
    assert routes_of(house, "stacks") == {ask.route for ask in ASKS}


@pytest.mark.parametrize("ask", ASKS, ids=str)
async def test_nobody_is_answered_without_credentials(house: RunningHost, ask: Ask) -> None:
    await needs_credentials(house, ask)


@pytest.mark.parametrize("ask", ASKS, ids=str)
async def test_a_key_needs_the_permission(house: RunningHost, things: dict[str, str], ask: Ask) -> None:
    assert (await needs_permission(house, ask, things, user="ann")).is_success


@pytest.mark.parametrize("ask", ASKS[1:], ids=str)
async def test_what_is_somebody_elses_is_as_if_it_were_not_there(
    user: MakeUser, house: RunningHost, things: dict[str, str], ask: Ask
) -> None:
    before = await rows(house, things)
    eve = await user("eve")
    assert (await hides(ask, eve.client, things)).status_code == 400
    assert await rows(house, things) == before


async def test_an_own_one_beside_a_strange_one_lets_nobody_through(
    user: MakeUser, house: RunningHost, things: dict[str, str]
) -> None:
    eve = await user("eve")
    mine, other = await eve.photos(2)
    stack = await eve.stack(mine, other)
    before = await rows(house, things)
    for method, path, body in (
        ("POST", "/stacks", {"assetIds": [mine, things["first"]]}),
        ("DELETE", "/stacks", {"ids": [stack["id"], things["stack"]]}),
        ("PUT", f"/stacks/{stack['id']}", {"primaryAssetId": things["first"]}),
        ("DELETE", f"/stacks/{stack['id']}/assets/{things['second']}", None),
    ):
        expect(await eve.client.request(method, f"/api{path}", json=body), 400)
    assert await eve.stacks(primaryAssetId=mine) == [(stack["id"], [mine, other])]
    assert await eve.stacks(primaryAssetId=things["first"]) == []
    assert await rows(house, things) == before


async def rows(house: RunningHost, things: dict[str, str]) -> list[str]:
    """What the database holds of Ann's stack."""
    found = await house.kernel.db.fetch(
        "SELECT s.*, a.id FROM stack s JOIN asset a ON a.stack_id = s.id WHERE s.id = $1 ORDER BY a.id",
        UUID(things["stack"]),
    )
    assert len(found) == 3
    return [repr(row) for row in found]
