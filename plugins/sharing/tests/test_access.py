"""Who may ask for what: nobody without credentials, no key without the permission, nobody about what is others'."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.access import NOWHERE, Ask, hides, needs_credentials, needs_permission, routes_of

type MakeUser = Callable[[str], Awaitable[Any]]


ASKS = [
    Ask("GET", "/partners?direction=shared-by", "partner.read"),
    Ask("POST", "/partners", "partner.create", {"sharedWithId": "{nobody}"}),
    Ask("POST", "/partners/{nobody}", "partner.create"),
    Ask("PUT", "/partners/{partner}", "partner.update", {"inTimeline": True}),
    Ask("DELETE", "/partners/{partner}", "partner.delete"),
    Ask("GET", "/shared-links", "sharedLink.read"),
    Ask("POST", "/shared-links", "sharedLink.create", {"type": "INDIVIDUAL", "assetIds": ["{asset}"]}),
    Ask("GET", "/shared-links/{link}", "sharedLink.read"),
    Ask("PATCH", "/shared-links/{link}", "sharedLink.update", {"description": "mine"}),
    Ask("DELETE", "/shared-links/{link}", "sharedLink.delete"),
    Ask("PUT", "/shared-links/{link}/assets", "sharedLink.update", {"assetIds": []}),
    Ask("DELETE", "/shared-links/{link}/assets", "sharedLink.update", {"assetIds": ["{asset}"]}),
]

BY_LINK = [("POST", "/shared-links/login"), ("GET", "/shared-links/me")]
"""For whoever comes by a link; see test_by_link."""

OF_AN_OBJECT = [ask for ask in ASKS if ask.names("partner", "link", "asset")]


@pytest.fixture
async def things(user: MakeUser, house: RunningHost) -> dict[str, str]:
    """Ids of what is Ann's: she and Ben share with each other, and she has a link to a photo."""
    ann, ben = await user("ann"), await user("ben")
    for one, other in ((ann, ben), (ben, ann)):
        if not await one.partners("shared-by"):
            await one.shares_with(other)
    asset_id = await ann.photo()
    return {"partner": str(ben.id), "nobody": NOWHERE, "asset": str(asset_id), "link": (await ann.link(asset_id))["id"]}


def test_all_routes_are_here(house: RunningHost) -> None:
    assert routes_of(house, "sharing") == {ask.route for ask in ASKS} | set(BY_LINK)


@pytest.mark.parametrize("ask", ASKS, ids=str)
async def test_nobody_is_answered_without_credentials(house: RunningHost, ask: Ask) -> None:
    await needs_credentials(house, ask)


@pytest.mark.parametrize("ask", ASKS, ids=str)
async def test_a_key_needs_the_permission(house: RunningHost, things: dict[str, str], ask: Ask) -> None:
    await needs_permission(house, ask, things, user="ann")


@pytest.mark.parametrize("ask", OF_AN_OBJECT, ids=str)
async def test_what_is_somebody_elses_is_as_if_it_were_not_there(
    user: MakeUser, house: RunningHost, things: dict[str, str], ask: Ask
) -> None:
    before = await rows(house)
    eve = await user("eve")
    assert (await hides(ask, eve.client, things)).status_code == 400
    assert await rows(house) == before


async def rows(house: RunningHost) -> list[str]:
    """What the database holds."""
    tables = {"partner": "create_id", "shared_link": "id", "shared_link_asset": "asset_id, shared_link_id"}
    found = {
        name: await house.kernel.db.fetch(f"SELECT * FROM {name} ORDER BY {order}") for name, order in tables.items()
    }
    assert all(found.values())
    return [repr(row) for each in found.values() for row in each]
