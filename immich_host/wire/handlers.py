"""What a handler takes and gives, read once from its annotations."""

import inspect
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from pydantic import BaseModel, TypeAdapter
from quart.wrappers import Response as QuartResponse
from werkzeug.wrappers import Response as WerkzeugResponse

from immich_host.plugin_api.types import Id
from immich_host.plugin_api.web import Answer, ByteStream, RawJson, Route
from immich_host.wire.paths import SchemaView

_INJECTED = frozenset({"caller", "host", "body", "query", "request"})
_LANE = frozenset({"scope", "receive", "send"})
_SPECIAL = (RawJson, ByteStream, QuartResponse, WerkzeugResponse)


class BadHandler(TypeError):
    """A handler's parameters or annotations cannot be served; a mistake of its author."""


class Checked:
    """A type together with what its errors need: how to read it, and its schema."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self.adapter: TypeAdapter[Any] = TypeAdapter(kind)

    @cached_property
    def schema(self) -> SchemaView:
        """The JSON schema of the type."""
        return SchemaView(self.adapter)


@dataclass(frozen=True, slots=True)
class Handled:
    """A handler taken apart.

    `answer` is the type of the JSON body, or None where there is none or no type is known;
    `empty` says that nothing is returned at all.
    """

    takes: frozenset[str]
    path: Mapping[str, Checked]
    body: Checked | None
    body_optional: bool
    query: Checked | None
    query_lists: frozenset[str]
    answer: Any
    empty: bool


def path_names(path: str) -> list[str]:
    """The parameters in a path such as `/albums/{id}`."""
    return [part.split("}", 1)[0] for part in path.split("{")[1:]]


def take_apart(route: Route) -> Handled:
    """Read the handler of a route.

    Raises:
        BadHandler: A parameter is neither injected nor in the path, or one in the path is not taken.
    """
    handler = route.handler
    where = f"{route.method} {route.path} ({handler.__module__}.{handler.__qualname__})"
    hints = typing.get_type_hints(handler, include_extras=True)
    takes = frozenset(inspect.signature(handler).parameters)
    names = frozenset(path_names(route.path))
    strangers = takes - _INJECTED - names - (_LANE if route.raw else frozenset())
    if strangers or not names <= takes:
        msg = f"{where}: unknown parameters {sorted(strangers)}, path parameters not taken {sorted(names - takes)}"
        raise BadHandler(msg)
    if takes & {"caller"} and route.public and not route.raw:
        msg = f"{where}: a public route has no caller"
        raise BadHandler(msg)
    body, optional = _without_none(hints.get("body", route.body_model if not route.raw else None))
    query = hints.get("query", route.query_model)
    answer, empty = _answer_of(route, hints)
    return Handled(
        takes=takes,
        path={name: Checked(_path_type(hints.get(name, str))) for name in path_names(route.path)},
        body=Checked(body) if "body" in takes else None,
        body_optional=optional,
        query=Checked(query) if query is not None else None,
        query_lists=_lists_of(query),
        answer=answer,
        empty=empty,
    )


def _path_type(kind: Any) -> Any:
    return Id if kind is UUID else kind


def _lists_of(query: Any) -> frozenset[str]:
    if not (isinstance(query, type) and issubclass(query, BaseModel)):
        return frozenset()
    return frozenset(
        str(field.validation_alias or name)
        for name, field in query.model_fields.items()
        if any(typing.get_origin(part) is list for part in _parts(field.annotation))
    )


def _parts(kind: Any) -> list[Any]:
    if typing.get_origin(kind) is typing.Annotated:
        return _parts(typing.get_args(kind)[0])
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return [part for member in typing.get_args(kind) for part in _parts(member)]
    return [kind]


def _members(kind: Any) -> list[Any]:
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return list(typing.get_args(kind))
    return [kind]


def _without_none(kind: Any) -> tuple[Any, bool]:
    members = _members(kind)
    real = [member for member in members if member is not types.NoneType]
    return (real[0] if len(members) == 2 and len(real) == 1 else kind), len(real) < len(members)


def _answer_of(route: Route, hints: Mapping[str, Any]) -> tuple[Any, bool]:
    """The type of the JSON body, and whether the handler returns nothing."""
    declared = hints.get("return", types.NoneType if route.raw else None)
    real: list[Any] = []
    for member in _members(declared):
        inner = typing.get_args(member)[0] if typing.get_origin(member) is Answer else member
        real += [part for part in _members(inner) if part not in _SPECIAL and part is not Answer]
    if route.answers is not None:
        return route.answers, False
    if real == [types.NoneType]:
        return None, not route.raw or route.status == 204
    useful = [part for part in real if part is not Any and part is not None]
    if not useful:
        return None, False
    union = useful[0]
    for part in useful[1:]:
        union |= part
    return union, False
