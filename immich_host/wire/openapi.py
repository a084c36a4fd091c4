"""The OpenAPI document, made from the declared routes alone: neither server nor database is needed."""

import re
from http import HTTPStatus
from typing import Any

from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Route
from immich_host.wire.catalogue import Catalogue, Entry
from immich_host.wire.handlers import Handled, take_apart
from immich_host.wire.schemas import Schema, Schemas

API_VERSION = "3.2.2"
"""The version of Immich's API that is spoken here; clients go by it."""

TITLE = "immich-host"

_SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}, {"api_key": []}]
_SCHEMES: Schema = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "immich_access_token"},
    "api_key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
}
_LINK_CREDENTIALS = ("key", "slug")
_ERROR = "#/components/schemas/Error"


def document(catalogue: Catalogue) -> Schema:
    """The OpenAPI 3.1 document of all routes, also those whose plugin is off."""
    described = [_Operation(entry) for entry in catalogue]
    schemas = Schemas()
    for operation in described:
        operation.want(schemas)
    schemas.build()
    paths: dict[str, Schema] = {}
    for operation in sorted(described, key=lambda each: (each.route.path, each.route.method)):
        paths.setdefault(operation.route.path, {})[operation.route.method.lower()] = operation.describe(schemas)
    components = {**schemas.components, "Error": _error_schema()}
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": API_VERSION},
        "servers": [{"url": "/api"}],
        "tags": [{"name": tag} for tag in sorted({each.route.tag for each in described})],
        "paths": paths,
        "components": {"schemas": dict(sorted(components.items())), "securitySchemes": _SCHEMES},
    }


class _Operation:
    def __init__(self, entry: Entry) -> None:
        self.route: Route = entry.route
        self.owner = entry.owner
        self.handled: Handled = take_apart(entry.route)
        route, handled = self.route, self.handled
        self.body = route.body_model if route.body_model is not None else handled.body and handled.body.kind
        self.answers: dict[int, Any] = {self.status: handled.answer, **route.also_answers}

    @property
    def status(self) -> int:
        return self.route.status or (204 if self.handled.empty else 200)

    def want(self, schemas: Schemas) -> None:
        for checked in self.handled.path.values():
            schemas.want(checked.kind, "in")
        if self.handled.query is not None:
            schemas.want(self.handled.query.kind, "in")
        if self.body is not None:
            schemas.want(self.body, "in")
        for kind in self.route.headers.values():
            schemas.want(kind, "in")
        for kind in self.answers.values():
            if kind is not None:
                schemas.want(kind, "out")

    def describe(self, schemas: Schemas) -> Schema:
        route = self.route
        made: Schema = {
            "operationId": route.operation_id or _camel(route.handler.__name__),
            "tags": [route.tag],
            "parameters": self._parameters(schemas),
            "responses": self._responses(schemas),
            "security": [] if route.public else _SECURITY,
        }
        summary = (route.handler.__doc__ or "").strip().split("\n", 1)[0]
        if summary:
            made["summary"] = summary
        if self.body is not None:
            content = {route.body_type: {"schema": schemas.describe(self.body, "in")}}
            made["requestBody"] = {"required": not self.handled.body_optional, "content": content}
        if route.deprecated:
            made["deprecated"] = True
        return made | self._marks()

    def _marks(self) -> Schema:
        route = self.route
        marks: Schema = {}
        if isinstance(route.permission, Permission) and route.permission is not Permission.ALL:
            marks["x-immich-permission"] = str(route.permission)
        if route.admin:
            marks["x-immich-admin-only"] = True
        if self.owner is not None:
            marks["x-plugin"] = self.owner
        return marks

    def _parameters(self, schemas: Schemas) -> list[Schema]:
        made = [
            {"name": name, "in": "path", "required": True, "schema": schemas.describe(checked.kind, "in")}
            for name, checked in self.handled.path.items()
        ]
        if self.handled.query is not None:
            made += _query_parameters(schemas.resolve(schemas.describe(self.handled.query.kind, "in")))
        if self.route.shared_link:
            made += [
                {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
                for name in _LINK_CREDENTIALS
            ]
        return made + [
            {"name": name, "in": "header", "required": False, "schema": schemas.describe(kind, "in")}
            for name, kind in self.route.headers.items()
        ]

    def _responses(self, schemas: Schemas) -> Schema:
        made: Schema = {}
        for status, kind in sorted(self.answers.items()):
            made[str(status)] = {"description": HTTPStatus(status).phrase}
            content_type = self.route.answer_type
            if kind is not None:
                made[str(status)]["content"] = {content_type: {"schema": schemas.describe(kind, "out")}}
            elif content_type != "application/json":
                made[str(status)]["content"] = {content_type: {"schema": {"type": "string", "format": "binary"}}}
        content = {"application/json": {"schema": {"$ref": _ERROR}}}
        for status in self._refusals():
            made.setdefault(str(status), {"description": HTTPStatus(status).phrase, "content": content})
        # an object that is gone, what is going on just now, or a plugin that has been switched off
        made["4XX"] = {"description": "Turned down; the message says why.", "content": content}
        return made

    def _refusals(self) -> list[int]:
        takes_input = bool(self.handled.path or self.handled.query or self.body)
        return [400] * takes_input + [401, 403] * (not self.route.public)


def _query_parameters(model: Schema) -> list[Schema]:
    required = set(model.get("required", ()))
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _not_null(schema)}
        for name, schema in model.get("properties", {}).items()
    ]


def _not_null(schema: Schema) -> Schema:
    """An absent parameter is None to us; on the wire there is no null in a query string."""
    options = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
    if len(options) != 1:
        return schema
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return {**options[0], **rest}


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def _error_schema() -> Schema:
    entry = {
        "type": "object",
        "properties": {
            "code": {"type": "string"},
            "path": {"type": "array", "items": {"type": ["string", "integer"]}},
            "message": {"type": "string"},
        },
        "required": ["code", "path", "message"],
    }
    return {
        "type": "object",
        "description": "Why a request was turned down.",
        "properties": {"message": {"type": "string"}, "errors": {"type": "array", "items": entry}},
        "required": ["message"],
    }
