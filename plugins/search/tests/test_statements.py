"""However many are found, the database is asked as often."""

from typing import Any

import pytest

from immich_host.db.database import Database
from immich_host.testing import RunningHost
from immich_host.testing.host import expect


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that were run."""
    ran: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        real = getattr(Database, name)

        async def run(self: Database, sql: str, *args: Any, real: Any = real) -> Any:
            ran.append(sql)
            return await real(self, sql, *args)

        monkeypatch.setattr(Database, name, run)
    return ran


@pytest.mark.parametrize(
    ("path", "at_most"),
    [("metadata", 2), ("random", 2), ("large-assets", 2), ("statistics", 1)],
)
async def test_a_page_of_twelve_costs_no_more_statements_than_one_of_one(
    filled: RunningHost, counted: list[str], path: str, at_most: int
) -> None:
    client = await filled.client("ann")
    expect(await client.post("/api/search/metadata", json={}), 200)  # the session is known from now on
    for size in (1, 12):
        counted.clear()
        body = {"withExif": True, "withPeople": True, "city": "Rome"} | ({} if path == "statistics" else {"size": size})
        if path == "large-assets":
            answer = await client.post(f"/api/search/{path}", params={"size": size})
        else:
            answer = await client.post(f"/api/search/{path}", json=body)
        expect(answer, 200)
        assert len(counted) <= at_most, counted


@pytest.mark.parametrize(("path", "at_most"), [("explore", 3), ("cities", 3), ("suggestions?type=city", 2)])
async def test_exploring_costs_as_many_statements_for_many_as_for_one(
    filled: RunningHost, counted: list[str], path: str, at_most: int
) -> None:
    for user in ("ann", "ben"):
        client = await filled.client(user)
        expect(await client.get(f"/api/search/{path}"), 200)
        counted.clear()
        expect(await client.get(f"/api/search/{path}"), 200)
        assert len(counted) <= at_most, counted
