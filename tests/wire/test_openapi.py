"""The OpenAPI document and the page that shows it."""

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from pydantic import MISSING

from immich_host.plugin_api.dto import Dto, QueryDto
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.types import Binary, Id, QueryBool, Timestamp
from immich_host.plugin_api.web import FREE, Caller, RawJson, Routes
from immich_host.wire.catalogue import Catalogue
from immich_host.wire.docs_page import docs_routes
from immich_host.wire.openapi import document


class Mode(StrEnum):
    FAST = "fast"
    SLOW = "slow"


class Thing(Dto):
    """A thing."""

    id: UUID
    made_at: Timestamp
    label: str | None
    note: str | MISSING = MISSING
    mode: Mode = Mode.FAST


class Find(QueryDto):
    owner_id: Id
    is_new: QueryBool | None = None


class Form(Dto):
    file: Binary


def things() -> Routes:
    routes = Routes("Things")

    @routes.get("/things", permission=Permission.ASSET_READ, shared_link=True)
    async def find_things(caller: Caller, query: Find) -> list[Thing]:
        """Things of an owner.

        More that only readers of the code need.
        """
        raise NotImplementedError

    @routes.put("/things/{id}", permission=Permission.ALL, admin=True, deprecated=True)
    async def change(id: UUID, body: Thing) -> Thing:
        raise NotImplementedError

    @routes.post(
        "/things/{id}/file",
        permission=FREE,
        raw=True,
        status=201,
        answers=Thing,
        also_answers={200: Thing},
        body_type="multipart/form-data",
        body_model=Form,
        query_model=Find,
        headers={"x-checksum": str},
        operation_id="uploadThing",
    )
    async def upload(caller: Caller, scope: Any, receive: Any, send: Any, id: UUID) -> None:
        raise NotImplementedError

    @routes.get("/things/{mode}/stream", public=True, answer_type="application/octet-stream")
    async def stream(mode: Mode) -> RawJson:
        raise NotImplementedError

    @routes.delete("/things/{id}", permission=Permission.ASSET_DELETE)
    async def remove(id: UUID) -> None:
        raise NotImplementedError

    return routes


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    catalogue = Catalogue()
    catalogue.add(things(), "things")
    return json.loads(json.dumps(document(catalogue)))


def test_info(spec: dict[str, Any]):
    assert (spec["openapi"], spec["info"]["version"], spec["servers"]) == ("3.1.0", "3.2.2", [{"url": "/api"}])
    assert set(spec["components"]["securitySchemes"]) == {"bearer", "cookie", "api_key"}


def test_query_string(spec: dict[str, Any]):
    operation = spec["paths"]["/things"]["get"]
    assert operation["operationId"] == "findThings"
    assert operation["summary"] == "Things of an owner."
    assert operation["x-immich-permission"] == "asset.read"
    assert operation["x-plugin"] == "things"
    parameters = {each["name"]: (each["in"], each["required"], each["schema"]) for each in operation["parameters"]}
    assert parameters == {
        "ownerId": ("query", True, {"type": "string", "format": "uuid"}),
        "isNew": ("query", False, {"type": "boolean"}),
        "key": ("query", False, {"type": "string"}),
        "slug": ("query", False, {"type": "string"}),
    }
    assert set(operation["responses"]) == {"200", "400", "401", "403", "4XX"}


def test_models_differ_by_direction(spec: dict[str, Any]):
    operation = spec["paths"]["/things/{id}"]["put"]
    schemas = spec["components"]["schemas"]

    def named(holder: dict[str, Any]) -> dict[str, Any]:
        return schemas[holder["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]]

    assert set(named(operation["requestBody"])["required"]) == {"id", "madeAt", "label"}
    answer = named(operation["responses"]["200"])
    assert set(answer["required"]) == {"id", "madeAt", "label", "mode"}
    assert answer["properties"]["madeAt"] == {"type": "string", "format": "date-time"}
    assert {"type": "null"} in answer["properties"]["label"]["anyOf"]
    assert answer["properties"]["note"] == {"type": "string"}
    assert operation["deprecated"] is operation["x-immich-admin-only"] is True
    assert "x-immich-permission" not in operation


def test_byte_lane_routes_are_described_too(spec: dict[str, Any]):
    operation = spec["paths"]["/things/{id}/file"]["post"]
    assert operation["operationId"] == "uploadThing"
    assert list(operation["requestBody"]["content"]) == ["multipart/form-data"]
    assert {"201", "200"} <= set(operation["responses"])
    assert [each["name"] for each in operation["parameters"]] == ["id", "ownerId", "isNew", "x-checksum"]
    form = spec["components"]["schemas"]["Form"]["properties"]["file"]
    assert form == {"type": "string", "format": "binary"}


def test_streams_and_empty_answers(spec: dict[str, Any]):
    stream = spec["paths"]["/things/{mode}/stream"]["get"]
    assert stream["security"] == []
    assert stream["responses"]["200"]["content"] == {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
    }
    assert "content" not in spec["paths"]["/things/{id}"]["delete"]["responses"]["204"]


async def test_document_and_page_are_served(serve: Callable[..., Any]):
    catalogue = Catalogue()
    catalogue.add(things())
    routes = docs_routes(catalogue)
    catalogue.add(routes)
    client = serve(routes).client
    spec = await (await client.get("/api/openapi.json")).get_json()
    assert {"/things", "/openapi.json", "/docs"} <= set(spec["paths"])
    page = await client.get("/api/docs")
    text = (await page.get_data()).decode()
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for name, kind in (("docs.css", "text/css"), ("docs.js", "text/javascript")):
        assert f'"/api/docs/{name}"' in text
        part = await client.get(f"/api/docs/{name}")
        assert (part.status_code, part.headers["content-type"]) == (200, f"{kind}; charset=utf-8")
        again = await client.get(f"/api/docs/{name}", headers={"if-none-match": part.headers["etag"]})
        assert again.status_code == 304
    assert "://" not in text, "the page loads nothing from elsewhere"
