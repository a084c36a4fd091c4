"""Who may ask for what: nobody without credentials, no key without the permission, nobody about what is others'."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]
type Asked = tuple[str, str, str, Any]

ID = str(uuid4())

ROUTES: list[Asked] = [
    ("GET", "/stacks", "stack.read", None),
    ("POST", "/stacks", "stack.create", {"assetIds": ["{first}", "{second}"]}),
    ("DELETE", "/stacks", "stack.delete", {"ids": ["{stack}"]}),
    ("GET", "/stacks/{stack}", "stack.read", None),
    ("PUT", "/stacks/{stack}", "stack.update", {"primaryAssetId": "{second}"}),
    ("DELETE", "/stacks/{stack}", "stack.delete", None),
    ("DELETE", "/stacks/{stack}/assets/{second}", "stack.update", None),
]
"""Method, path, permission, body."""


def names(route: Asked) -> str:
    return f"{route[0]} {route[1]}"


def filled(value: Any, words: dict[str, str]) -> Any:
    """A path or body with the ids in the places of their words."""
    if isinstance(value, dict):
        return {key: filled(each, words) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, words) for each in value]
    for word, text in words.items():
        value = value.replace(f"{{{word}}}", text) if isinstance(value, str) else value
    return value


@pytest.fixture
async def things(user: MakeUser) -> dict[str, str]:
    """Ids of what is Ann's."""
    ann = await user("ann")
    first, second, third = await ann.photos(3)
    stack = await ann.stack(first, second, third)
    return {"stack": stack["id"], "first": first, "second": second}


def test_all_routes_are_here(house: RunningHost) -> None:
    declared = {
        (route.method, route.path)
        for routes in house.kernel.hosting.records["stacks"].brings.routes
        for route in routes.routes
    }
    words = {"stack": "{id}", "second": "{assetId}"}
    assert declared == {(method, filled(path, words)) for method, path, _, _ in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=names)
async def test_nobody_is_answered_without_credentials(house: RunningHost, route: Asked) -> None:
    method, path, _, body = route
    words = dict.fromkeys(("stack", "first", "second"), ID)
    answer = await house.anonymous().request(method, f"/api{filled(path, words)}", json=filled(body, words))
    expect(answer, 401)


@pytest.mark.parametrize("route", ROUTES, ids=names)
async def test_a_key_needs_the_permission(house: RunningHost, things: dict[str, str], route: Asked) -> None:
    method, path, permission, body = route
    without = await house.key_client("album.read", user="ann")
    answer = await without.request(method, f"/api{filled(path, things)}", json=filled(body, things))
    assert permission in expect(answer, 403)["message"]
    holding = await house.key_client(permission, user="ann")
    answer = await holding.request(method, f"/api{filled(path, things)}", json=filled(body, things))
    assert answer.status_code in {200, 201, 204}, answer.text


@pytest.mark.parametrize("route", ROUTES[1:], ids=names)
async def test_what_is_somebody_elses_is_as_if_it_were_not_there(
    user: MakeUser, house: RunningHost, things: dict[str, str], route: Asked
) -> None:
    method, path, _, body = route
    eve = await user("eve")
    before = await rows(house, things)
    strange = await eve.client.request(method, f"/api{filled(path, things)}", json=filled(body, things))
    nowhere = dict.fromkeys(things, ID)
    unknown = await eve.client.request(method, f"/api{filled(path, nowhere)}", json=filled(body, nowhere))
    assert (strange.status_code, strange.json()) == (unknown.status_code, unknown.json())
    assert strange.status_code == 400
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
