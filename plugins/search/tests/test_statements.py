"""However many are found, the database is asked as often."""

from typing import Any

import httpx
import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from immich_host.testing.statements import statements
from immich_host.testing.waiting import all_told


async def cost(house: RunningHost, client: httpx.AsyncClient, method: str, path: str, **options: Any) -> list[str]:
    """The statements of a request by somebody who is known, in a process that waits for no notice."""
    expect(await client.get("/api/users/me"), 200)
    await all_told(house.kernel.notices, house.kernel.db)
    expect(await client.get("/api/users/me"), 200)
    with statements() as ran:
        expect(await client.request(method, f"/api/search/{path}", **options), 200)
    return [one.sql for one in ran if one.method != "execute"]


@pytest.mark.parametrize(
    ("path", "at_most"),
    [("metadata", 2), ("random", 2), ("large-assets", 2), ("statistics", 1)],
)
async def test_a_page_of_twelve_costs_no_more_statements_than_one_of_one(
    filled: RunningHost, path: str, at_most: int
) -> None:
    client = await filled.client("ann")
    for size in (1, 12):
        body = {"withExif": True, "withPeople": True, "city": "Rome"} | ({} if path == "statistics" else {"size": size})
        given: dict[str, Any] = {"params": {"size": size}} if path == "large-assets" else {"json": body}
        ran = await cost(filled, client, "POST", path, **given)
        assert 0 < len(ran) <= at_most, ran


@pytest.mark.parametrize(("path", "at_most"), [("explore", 3), ("cities", 3), ("suggestions?type=city", 2)])
async def test_exploring_costs_as_many_statements_for_many_as_for_one(
    filled: RunningHost, path: str, at_most: int
) -> None:
    for user in ("ann", "ben"):
        client = await filled.client(user)
        expect(await client.get(f"/api/search/{path}"), 200)
        ran = await cost(filled, client, "GET", path)
        assert 0 < len(ran) <= at_most, ran
