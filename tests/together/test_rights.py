"""Every route that names an object, asked by everybody: who sees and changes what of somebody else's."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from immich_host.hosting import Hosting
from immich_host.testing import Servers
from immich_host.testing.fixtures import running_host
from immich_host.web import catalogue_of
from tests.together.rights_table import CALLERS, ELSEWHERE, TABLE, Row
from tests.together.rights_world import World, filled


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with running_host(servers, tmp_path_factory.mktemp("rights"), None) as running:
        made = World(running)
        await made.people()
        await made.things()
        yield made


async def ask(world: World, row: Row, caller: str) -> httpx.Response:
    method, path = filled(row.request, world.words).split(" ", 1)
    body = None if row.body is None else filled(row.body, world.words)
    return await world.clients[caller].request(method, f"/api{path}", json=body)


def turned_down(row: Row, caller: str) -> int:
    """The status for somebody who may not."""
    if caller.endswith("link") and not row.is_link:
        return 403
    return 401 if caller in {"anonymous", "closed_link"} else row.refused


def is_refused(row: Row, answer: httpx.Response) -> bool:
    """In a list with an answer for each id, those are refused one by one."""
    if answer.status_code == 200 and row.is_bulk:
        return all(each["success"] is False for each in answer.json())
    return answer.status_code >= 400 and answer.status_code != row.missing


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.request} {row.body or ''}") for row in TABLE])
async def test_rights(world: World, row: Row) -> None:
    allowed = row.allowed.split()
    wrong: list[str] = []
    for caller in [each for each in CALLERS if each not in allowed]:
        answer = await ask(world, row, caller)
        if answer.status_code != turned_down(row, caller) and not (row.is_bulk and is_refused(row, answer)):
            wrong.append(f"{caller} is not refused: {answer.status_code} {answer.text[:200]}")
    for caller in allowed:
        answer = await ask(world, row, caller)
        if is_refused(row, answer):
            wrong.append(f"{caller} is refused: {answer.status_code} {answer.text[:200]}")
        if row.spends or row.request.startswith("DELETE"):
            await world.things()
    assert not wrong, "\n".join(wrong)


def test_every_route_that_names_an_object_is_in_the_table() -> None:
    rows = {re.sub(r"\{\w+\}", "{}", row.request.split("?")[0]) for row in TABLE}
    routes = [entry.route for entry in catalogue_of(Hosting()) if not entry.route.public and not entry.route.admin]
    named = {f"{route.method} {route.path}" for route in routes if "{" in route.path}
    known = {name for name in named if re.sub(r"\{\w+\}", "{}", name) in rows}
    assert named - known == ELSEWHERE.keys()
