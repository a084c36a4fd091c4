"""Who may ask for what: nobody without credentials, no key without the permission, nobody about what is others'."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]
type Case = tuple[str, str, str, Any]

ID = str(uuid4())
WORDS = ("partner", "nobody", "link", "asset")

ROUTES: list[Case] = [
    ("GET", "/partners?direction=shared-by", "partner.read", None),
    ("POST", "/partners", "partner.create", {"sharedWithId": "{nobody}"}),
    ("POST", "/partners/{nobody}", "partner.create", None),
    ("PUT", "/partners/{partner}", "partner.update", {"inTimeline": True}),
    ("DELETE", "/partners/{partner}", "partner.delete", None),
    ("GET", "/shared-links", "sharedLink.read", None),
    ("POST", "/shared-links", "sharedLink.create", {"type": "INDIVIDUAL", "assetIds": "{asset}"}),
    ("GET", "/shared-links/{link}", "sharedLink.read", None),
    ("PATCH", "/shared-links/{link}", "sharedLink.update", {"description": "mine"}),
    ("DELETE", "/shared-links/{link}", "sharedLink.delete", None),
    ("PUT", "/shared-links/{link}/assets", "sharedLink.update", {"assetIds": []}),
    ("DELETE", "/shared-links/{link}/assets", "sharedLink.update", {"assetIds": "{asset}"}),
]
"""Method, path, permission, body."""

BY_LINK = [("POST", "/shared-links/login"), ("GET", "/shared-links/me")]
"""For whoever comes by a link; see test_by_link."""

OF_AN_OBJECT = [
    route for route in ROUTES if "{partner}" in route[1] or "{link}" in route[1] or "{asset}" in str(route[3])
]


def names(route: Case) -> str:
    return f"{route[0]} {route[1]}"


def filled(value: Any, words: dict[str, str]) -> Any:
    """A path or body with the ids in the places of their words."""
    if isinstance(value, dict):
        made = {key: filled(each, words) for key, each in value.items()}
        return made | ({"assetIds": [made["assetIds"]]} if made.get("assetIds") else {})
    for word, text in words.items():
        value = value.replace(f"{{{word}}}", text) if isinstance(value, str) else value
    return value


@pytest.fixture
async def things(user: MakeUser, house: RunningHost) -> dict[str, str]:
    """Ids of what is Ann's: she and Ben share with each other, and she has a link to a photo."""
    ann, ben = await user("ann"), await user("ben")
    for one, other in ((ann, ben), (ben, ann)):
        if not await one.partners("shared-by"):
            await one.shares_with(other)
    asset_id = await ann.photo()
    return {"partner": str(ben.id), "nobody": ID, "asset": str(asset_id), "link": (await ann.link(asset_id))["id"]}


def test_all_routes_are_here(house: RunningHost) -> None:
    declared = {
        (route.method, route.path)
        for routes in house.kernel.hosting.records["sharing"].brings.routes
        for route in routes.routes
    }
    words = dict.fromkeys(WORDS, "{id}")
    told = {(method, filled(path, words).partition("?")[0]) for method, path, _, _ in ROUTES}
    assert declared == told | set(BY_LINK)


@pytest.mark.parametrize("route", ROUTES, ids=names)
async def test_nobody_is_answered_without_credentials(house: RunningHost, route: Case) -> None:
    method, path, _, body = route
    words = dict.fromkeys(WORDS, ID)
    answer = await house.anonymous().request(method, f"/api{filled(path, words)}", json=filled(body, words))
    expect(answer, 401)


@pytest.mark.parametrize("route", ROUTES, ids=names)
async def test_a_key_needs_the_permission(house: RunningHost, things: dict[str, str], route: Case) -> None:
    method, path, permission, body = route
    without = await house.key_client("album.read", user="ann")
    answer = await without.request(method, f"/api{filled(path, things)}", json=filled(body, things))
    assert permission in expect(answer, 403)["message"]
    holding = await house.key_client(permission, user="ann")
    answer = await holding.request(method, f"/api{filled(path, things)}", json=filled(body, things))
    assert answer.status_code != 403


@pytest.mark.parametrize("route", OF_AN_OBJECT, ids=names)
async def test_what_is_somebody_elses_is_as_if_it_were_not_there(
    user: MakeUser, house: RunningHost, things: dict[str, str], route: Case
) -> None:
    method, path, _, body = route
    before = await rows(house)
    eve = await user("eve")
    strange = await eve.client.request(method, f"/api{filled(path, things)}", json=filled(body, things))
    nowhere = dict.fromkeys(WORDS, ID)
    unknown = await eve.client.request(method, f"/api{filled(path, nowhere)}", json=filled(body, nowhere))
    assert (strange.status_code, strange.json()) == (unknown.status_code, unknown.json())
    assert strange.status_code == 400
    assert await rows(house) == before


async def rows(house: RunningHost) -> list[str]:
    """What the database holds."""
    tables = {"partner": "create_id", "shared_link": "id", "shared_link_asset": "asset_id, shared_link_id"}
    found = {
        name: await house.kernel.db.fetch(f"SELECT * FROM {name} ORDER BY {order}") for name, order in tables.items()
    }
    assert all(found.values())
    return [repr(row) for each in found.values() for row in each]
