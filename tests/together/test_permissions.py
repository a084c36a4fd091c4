"""Every route, with every kind of caller: a new route is covered as soon as it is declared."""

import re
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from immich_host.auth.store import create_key
from immich_host.auth.tokens import digest, new_token
from immich_host.hosting import Hosting
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import FREE, Route
from immich_host.testing import RunningHost
from immich_host.testing.host import PASSWORD, expect
from immich_host.web import catalogue_of

ROUTES = [entry.route for entry in catalogue_of(Hosting())]
PROTECTED = [route for route in ROUTES if not route.public]
USERS: dict[str, UUID] = {}
OBJECTS: dict[str, UUID] = {}
PARAMETER = re.compile(r"\{[^}]*\}")


def named(routes: list[Route]) -> list[object]:
    return [pytest.param(route, id=f"{route.method} {route.path}") for route in routes]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(servers: object, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHost]:
    from immich_host.testing.fixtures import running_host

    async with running_host(servers, tmp_path_factory.mktemp("permissions"), None) as running:  # type: ignore[arg-type]
        yield running


async def key(house: RunningHost, *permissions: str, user: str = "admin") -> httpx.AsyncClient:
    """A client with an API key that needs no session to be made: one of the routes ends them all."""
    if user not in USERS:
        USERS[user] = await house.user_id(user)
    secret = new_token()
    await create_key(house.kernel.db, USERS[user], "test", digest(secret), permissions)
    return house.anonymous(headers={"x-api-key": secret})


async def ask(client: httpx.AsyncClient, route: Route) -> httpx.Response:
    return await client.request(route.method, "/api" + PARAMETER.sub(str(uuid4()), route.path))


@pytest.mark.parametrize("route", named(PROTECTED))
async def test_nobody_without_credentials_is_let_in(house: RunningHost, route: Route) -> None:
    answer = await ask(house.anonymous(), route)
    assert expect(answer, 401) == {"message": "Authentication required"}
    assert answer.headers["x-correlation-id"]


@pytest.mark.parametrize("route", named(PROTECTED))
async def test_bad_credentials_are_not_passed_over(house: RunningHost, route: Route) -> None:
    answer = await ask(house.anonymous(headers={"Authorization": "Bearer wrong"}), route)
    assert expect(answer, 401) == {"message": "Invalid user token"}


@pytest.mark.parametrize("route", named([route for route in PROTECTED if route.admin]))
async def test_administrators_routes_refuse_everybody_else(house: RunningHost, route: Route) -> None:
    assert expect(await ask(await house.client("eve"), route), 403) == {"message": "Forbidden"}
    keyed = await key(house, "all", user="eve")
    assert expect(await ask(keyed, route), 403) == {"message": "Forbidden"}


@pytest.mark.parametrize("route", named([route for route in PROTECTED if route.permission != FREE]))
async def test_a_key_without_the_permission_is_refused(house: RunningHost, route: Route) -> None:
    others = [one.value for one in Permission if one not in {Permission.ALL, route.permission}]
    answer = await ask(await key(house, *others), route)
    assert answer.status_code == 403
    expected = (
        "A signed-in session is required" if route.session_only else f"Missing required permission: {route.permission}"
    )
    assert answer.json() == {"message": expected}


@pytest.mark.parametrize("route", named([route for route in PROTECTED if route.permission not in {FREE, "all"}]))
async def test_a_key_with_just_the_permission_is_let_in(house: RunningHost, route: Route) -> None:
    answer = await ask(await key(house, str(route.permission)), route)
    if answer.status_code in {401, 403}:
        assert route.session_only or "permission" not in answer.text.lower()
    assert answer.status_code < 500, answer.text


@pytest.mark.parametrize("route", named([route for route in PROTECTED if "{id}" in route.path]))
async def test_an_unknown_object_is_no_server_error(house: RunningHost, route: Route) -> None:
    client = await key(house, "all")
    answer = await ask(client, route)
    assert answer.status_code < 500, answer.text
    bad = await client.request(route.method, "/api" + PARAMETER.sub("no-uuid", route.path))
    assert bad.status_code < 500, bad.text


@pytest.mark.parametrize("route", named(PROTECTED))
def test_routes_are_declared_with_a_known_permission(route: Route) -> None:
    assert route.permission == FREE or route.permission in set(Permission)


def test_there_are_routes_of_every_kind() -> None:
    assert len(PROTECTED) > 80
    assert any(route.admin for route in PROTECTED)
    assert any(route.raw for route in PROTECTED)
    assert any(route.public for route in ROUTES)


async def objects(house: RunningHost) -> dict[str, UUID]:
    """Something of the administrator's behind each prefix."""
    if not OBJECTS:
        credentials = {"email": "admin@host.test", "password": PASSWORD}
        login = expect(await house.anonymous().post("/api/auth/login", json=credentials), 201)
        house._tokens["admin"] = login["accessToken"]  # the routes asked above have ended the first session
        admin = await house.client()
        made = await create_key(house.kernel.db, await house.user_id(), "theirs", digest(new_token()), ["all"])
        OBJECTS["/api-keys/"] = made["id"]
        OBJECTS["/sessions/"] = UUID(expect(await admin.post("/api/sessions", json={}), 201)["id"])
        OBJECTS["/assets/"] = await house.upload(b"\xff\xd8\xff\xe0 not much of a photo")
    return OBJECTS


@pytest.mark.parametrize(
    "route", named([route for route in PROTECTED if route.path.startswith(("/api-keys/{", "/sessions/{", "/assets/{"))])
)
async def test_a_strangers_object_cannot_be_told_from_none(house: RunningHost, route: Route) -> None:
    theirs = next(one for prefix, one in (await objects(house)).items() if route.path.startswith(prefix))
    eve = await key(house, "all", user="eve")
    answers = []
    for object_id in (theirs, uuid4()):
        path = "/api" + PARAMETER.sub(str(uuid4()), route.path.replace("{id}", str(object_id)))
        body = None if route.method == "GET" else {"isFavorite": True, "name": "x", "isPendingSyncReset": True}
        answers.append(await eve.request(route.method, path, json=body))
    assert (answers[0].status_code, answers[0].content) == (answers[1].status_code, answers[1].content)
    is_idle = answers[0].content == b"[]"  # what is served while no plugin owns the route is nobody's
    assert is_idle or 400 <= answers[0].status_code < 500
