"""Turning declared routes into Quart routes: let in, read, call, answer."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic import TypeAdapter
from quart import Quart, Request, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from immich_host.db.errors import UNAVAILABLE, is_away, unstorable
from immich_host.plugin_api.errors import Elsewhere, Refused
from immich_host.plugin_api.host import Host
from immich_host.plugin_api.web import Answer, ByteStream, Caller, RawJson, Route
from immich_host.wire.answers import (
    CORRELATION_HEADER,
    INTERNAL_ERROR,
    JSON_TYPE,
    correlation_id,
    dump_json,
    error_response,
    refusal,
    stream_response,
)
from immich_host.wire.catalogue import Catalogue, Entry
from immich_host.wire.gate import Gate, admit, headers_of
from immich_host.wire.handlers import Handled, take_apart
from immich_host.wire.reading import read_body, read_path, read_query

API_PREFIX = "/api"
MAX_BODY_BYTES = 10 * 1024 * 1024

type RequestGuard = Callable[[Mapping[str, Any], Caller | None], Awaitable[None]]
"""Called after authentication with a view of the request; raises `Refused` to turn it down."""

type Responded = Callable[[Mapping[str, Any], int, float], None]
"""Told about each answer (request, status, seconds); must return at once."""

_log = structlog.get_logger("wire")


def configure(app: Quart) -> None:
    """Set what the wire needs of a Quart app: limits, error bodies, correlation ids."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["BODY_TIMEOUT"] = 60
    app.config["RESPONSE_TIMEOUT"] = None
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.url_map.strict_slashes = False
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unknown_error)
    app.after_request(_correlate)


def bind(
    app: Quart,
    catalogue: Catalogue,
    host: Host,
    gate: Gate,
    *,
    guard: RequestGuard | None = None,
    responded: Responded | None = None,
) -> None:
    """Serve every route of the catalogue under `/api`, but those of the byte lane.

    Args:
        app: Prepared by `configure`.
        catalogue: All routes; none may be added afterwards.
        host: Given to handlers that take it; also asked whether a route's owner is on.
        gate: Finds out who asks.
        guard: The guard `api_request`.
        responded: The fact `api_responded`.

    Raises:
        BadHandler: A handler's parameters do not fit its route.
    """
    house = _House(host, gate, guard, responded)
    for entry in catalogue:
        if entry.route.raw:
            continue
        rule = API_PREFIX + entry.route.path.replace("{", "<").replace("}", ">")
        view = _view(house, entry)
        app.add_url_rule(rule, f"{entry.route.method} {entry.route.path}", view, methods=[entry.route.method])


@dataclass(frozen=True, slots=True)
class _House:
    host: Host
    gate: Gate
    guard: RequestGuard | None
    responded: Responded | None


class _Served:
    """A route made ready: everything that does not depend on the request is worked out."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.handled: Handled = take_apart(route)
        self.status = route.status or (204 if self.handled.empty else 200)
        self.adapter: TypeAdapter[Any] | None = None
        if self.handled.answer is not None and route.answers is None:
            self.adapter = TypeAdapter(self.handled.answer)

    async def arguments(self, host: Host, caller: Caller | None, asked: Request, raw: Mapping[str, str]) -> Any:
        """The handler's keyword arguments."""
        handled = self.handled
        values = read_path(handled, raw) if handled.path else {}
        if "query" in handled.takes:
            values["query"] = read_query(handled, asked.query_string)
        if "body" in handled.takes:
            values["body"] = await read_body(handled, asked)
        if "caller" in handled.takes:
            values["caller"] = caller
        if "host" in handled.takes:
            values["host"] = host
        if "request" in handled.takes:
            values["request"] = asked
        return values

    def respond(self, value: Any) -> Any:
        """The response for what the handler returned."""
        status, headers = self.status, {}
        if isinstance(value, Answer):
            status, headers, value = value.status or status, value.headers, value.body
        if isinstance(value, WerkzeugResponse | Response):
            return value
        if isinstance(value, ByteStream):
            return stream_response(value, status, headers)
        if value is None and (self.handled.empty or status == 204):
            return _empty(status, headers)
        if isinstance(value, RawJson):
            text: str | bytes = value.text
        else:
            text = self.adapter.dump_json(value, by_alias=True) if self.adapter else dump_json(value)
        return Response(text, status, headers=dict(headers), content_type=JSON_TYPE)


def _empty(status: int, headers: Mapping[str, str]) -> Response:
    response = Response(b"", status, headers=dict(headers))
    for name in ("Content-Type", "Content-Length"):
        response.headers.pop(name, None)
    return response


def _view(house: _House, entry: Entry) -> Callable[..., Awaitable[Any]]:
    served = _Served(entry.route)
    idle = _Served(entry.idle) if entry.idle is not None else None
    owner = entry.owner

    async def view(**raw: str) -> Any:
        asked = request._get_current_object()  # type: ignore[attr-defined]
        chosen = served if owner is None or house.host.is_enabled(owner) else idle
        if chosen is None:
            return error_response(404, "Not Found")
        if house.responded is None:
            return await _serve(house, chosen, asked, raw)
        start = time.perf_counter()
        response = await _serve(house, chosen, asked, raw)
        house.responded(_request_view(chosen.route, asked), response.status_code, time.perf_counter() - start)
        return response

    return view


async def _serve(house: _House, served: _Served, asked: Request, raw: Mapping[str, str]) -> Any:
    try:
        caller = await admit(house.gate, served.route, asked.scope)
        if house.guard is not None:
            await house.guard(_request_view(served.route, asked), caller)
        arguments = await served.arguments(house.host, caller, asked, raw)
        return served.respond(await served.route.handler(**arguments))
    except (Refused, Elsewhere) as error:
        return refusal(error)
    except HTTPException as error:
        return await _http_error(error)
    except Exception as error:
        return await _unknown_error(error)


def _request_view(route: Route, asked: Request) -> dict[str, Any]:
    return {
        "method": asked.method,
        "path": asked.path,
        "route": route.path,
        "operation_id": route.operation_id,
        "query": asked.query_string.decode("latin-1"),
        "headers": headers_of(asked.scope),
        "client": (asked.scope.get("client") or ("",))[0],
    }


async def _http_error(error: HTTPException) -> Response:
    response = error_response(error.code or 500, error.name)
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    for name, value in error.get_headers():
        if name.lower() in ("allow", "location", "retry-after"):
            response.headers[name] = value
    return response


async def _unknown_error(error: Exception) -> Response:
    if (reason := unstorable(error)) is not None:
        return error_response(400, reason)
    if is_away(error):
        _log.warning("the database is away", path=request.path, error=repr(error))
        return error_response(503, UNAVAILABLE)
    _log.error(
        "a request failed",
        method=request.method,
        path=request.path,
        correlation_id=correlation_id(request.scope),
        exc_info=error,
    )
    return error_response(500, INTERNAL_ERROR)


async def _correlate(response: Response) -> Response:
    response.headers[CORRELATION_HEADER] = correlation_id(request.scope)
    return response
