"""Routes of plugins that are off, the empty answers in their place, and routes claimed twice."""

from collections.abc import Callable
from typing import Any

import pytest

from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Routes
from immich_host.wire.catalogue import Catalogue, DuplicateRoute

USER = {"x-who": "user"}
ADMIN = {"x-who": "admin"}
ID = "6a6f21f6-1f0d-4c9b-8a3e-3a1df3d5a8a2"
OPTIONS = ("day", "hour", "minute", "month", "preset", "second", "week", "year")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/notifications", []),
        ("/memories?for=2024-01-01", []),
        ("/partners?direction=shared-by", []),
        ("/tags", []),
        ("/people", {"people": [], "total": 0, "hidden": 0, "hasNextPage": False}),
        ("/activities", []),
        ("/activities/statistics", {"comments": 0, "likes": 0}),
        (f"/faces?id={ID}", []),
        (f"/assets/{ID}/ocr", []),
        ("/stacks", []),
        ("/duplicates", []),
        ("/map/markers", []),
        ("/system-config/storage-template-options", {f"{name}Options": [] for name in OPTIONS}),
    ],
)
async def test_empty_answers(serve: Callable[..., Any], path: str, body: Any):
    client = serve().client
    answer = await client.get(f"/api{path}", headers=ADMIN)
    assert (answer.status_code, await answer.get_json()) == (200, body)
    assert (await client.get(f"/api{path}")).status_code == 401


async def test_nothing_to_explore(serve: Callable[..., Any]):
    groups = await (await serve().client.get("/api/search/explore", headers=USER)).get_json()
    assert len(groups) == 2
    assert all(group["fieldName"] and group["items"] == [] for group in groups)


async def test_empty_answers_have_the_permissions_of_the_real_ones(serve: Callable[..., Any]):
    client = serve().client
    answer = await client.get("/api/tags", headers={"x-who": "reader"})
    assert (answer.status_code, await answer.get_json()) == (403, {"message": "Missing required permission: tag.read"})
    assert (await client.get("/api/system-config/storage-template-options", headers=USER)).status_code == 403


def tag_routes() -> Routes:
    routes = Routes("Tags")

    @routes.get("/tags", permission=Permission.TAG_READ)
    async def tags() -> list[str]:
        return ["red"]

    @routes.post("/tags", permission=Permission.TAG_CREATE, status=201)
    async def make() -> dict[str, str]:
        return {"name": "red"}

    return routes


async def test_plugin_off_and_on(serve: Callable[..., Any]):
    served = serve(plugins={"tags": tag_routes()})
    assert await (await served.client.get("/api/tags", headers=USER)).get_json() == []
    off = await served.client.post("/api/tags", headers=USER)
    assert (off.status_code, await off.get_json()) == (404, {"message": "Not Found"})
    served.switch.on.add("tags")
    assert await (await served.client.get("/api/tags", headers=USER)).get_json() == ["red"]
    assert (await served.client.post("/api/tags", headers=USER)).status_code == 201


@pytest.mark.parametrize(("first", "second"), [("/a/{id}", "/a/{id}"), ("/a/{id}", "/a/{other}")])
def test_a_route_has_one_owner(first: str, second: str):
    one, two = Routes("T"), Routes("T")

    async def handler() -> None:
        """Do nothing."""

    one.get(first, public=True)(handler)
    two.get(second, public=True)(handler)
    catalogue = Catalogue()
    catalogue.add(one, "albums")
    with pytest.raises(DuplicateRoute, match=r"plugin 'albums' and by plugin 'sharing'"):
        catalogue.add(two, "sharing")
    other_method = Routes("T")
    other_method.put(first, public=True)(handler)
    catalogue.add(other_method)
    assert len(catalogue) == 2


def test_the_host_keeps_its_own_route():
    catalogue, idle = Catalogue(), Routes("Idle")
    catalogue.add(tag_routes())

    async def handler() -> None:
        """Do nothing."""

    idle.get("/tags", public=True)(handler)
    catalogue.add_idle(idle)
    assert [entry.idle for entry in catalogue] == [None, None]
