"""Requests to a plugin's routes with made-up parameters: enough to see whether anybody answers."""

import inspect
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

import httpx

from immich_host.hosting import Record
from immich_host.plugin_api.web import Route
from immich_host.wire.idle import idle_routes

_PARAMETER = re.compile(r"\{(\w+)\}")
NOBODY = UUID("00000000-0000-4000-8000-000000000000")


@dataclass(frozen=True, slots=True)
class Request:
    """A request; `is_idle` where an empty answer stands in while the plugin is off."""

    method: str
    path: str
    is_idle: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def requests_of(record: Record) -> list[Request]:
    """One request for every route of a plugin."""
    idle = {(route.method, _shape(route.path)) for route in idle_routes().routes}
    return [
        Request(route.method, _filled(route), (route.method, _shape(route.path)) in idle)
        for group in record.brings.routes
        for route in group.routes
    ]


def is_off(answer: httpx.Response, request: Request) -> bool:
    """Whether the host answers as it does when a route is not there."""
    if request.is_idle:
        return answer.status_code == 200
    return answer.status_code == 404 and "Not Found" in answer.text


def _shape(path: str) -> str:
    return _PARAMETER.sub("{}", path)


def _filled(route: Route) -> str:
    kinds = {name: each.annotation for name, each in inspect.signature(route.handler, eval_str=True).parameters.items()}
    return "/api" + _PARAMETER.sub(lambda found: str(_value(kinds.get(found[1], str))), route.path)


def _value(kind: Any) -> Any:
    if kind is UUID:
        return NOBODY
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind)).value
    return 1 if kind is int else "x"
