"""The byte lane: routes that move bytes, answered in raw ASGI before Quart sees them."""

import inspect
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol, get_type_hints
from uuid import UUID

import structlog

from immich_host.db.errors import UNAVAILABLE, is_away, unstorable
from immich_host.media.answers import Body, ClientGone, Receive, Scope, Send, send_error, send_redirect
from immich_host.plugin_api.errors import Elsewhere, NotFound, Refused
from immich_host.plugin_api.web import Caller, Route

PREFIX: Final = "/api"

_PARAMETER = re.compile(r"\{(\w+)\}")
_UUID4 = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")

log = structlog.get_logger("media")

type App = Callable[[Any, Any, Any], Awaitable[None]]
type ErrorWriter = Callable[[Scope, Receive, Send, Refused], Awaitable[None]]
type Admit = Callable[[Route, Scope], Awaitable[Caller | None]]
"""The one gate of this lane and of Quart: who asks, None on public routes; raises Refused."""

type RequestGuard = Callable[[Mapping[str, Any], Caller | None], Awaitable[None]]
"""Called after authentication with a view of the request; raises Refused to turn it down."""

type QueryReader = Callable[[bytes], Any]
"""Turns a query string into the model that a handler takes; raises Refused."""

type Responded = Callable[[Mapping[str, Any], int, float], None]
"""Told about each answer (request, status, seconds); must return at once. Status 0: the client left."""


class HostView(Protocol):
    """What the lane itself needs of the host; handlers that take `host` get it as it is."""

    def is_enabled(self, plugin: str) -> bool:
        """Whether a plugin is on."""
        ...


@dataclass(frozen=True, slots=True)
class _Entry:
    route: Route
    owner: str | None
    takes: frozenset[str]
    query: QueryReader | None
    segments: tuple[str | None, ...]
    names: tuple[tuple[int, str, bool], ...]
    """Position, name and whether it is a UUID."""


class Lane:
    """An ASGI app in front of another one; requests that match no raw route pass through untouched."""

    def __init__(
        self,
        inner: App,
        admit: Admit,
        routes: Iterable[tuple[Route, str | None]],
        host: HostView,
        *,
        query_reader: Callable[[Route], QueryReader] | None = None,
        errors: ErrorWriter = send_error,
        guard: RequestGuard | None = None,
        responded: Responded | None = None,
    ) -> None:
        """Take over the raw routes.

        Args:
            inner: Gets every other request.
            admit: The gate.
            routes: Every route with its plugin (None: the host's own); those that are not raw are left out.
            host: Given to handlers that take it; routes of a plugin that is off answer 404.
            query_reader: Makes the reader of query strings for a route whose handler takes `query`.
            errors: Writes a refusal.
            guard: The guard `api_request`.
            responded: The fact `api_responded`.
        """
        self._inner = inner
        self._admit = admit
        self._host = host
        self._errors = errors
        self._guard = guard
        self._responded = responded
        self._table: dict[tuple[str, int], list[_Entry]] = {}
        for route, owner in routes:
            if route.raw:
                entry = _entry_of(route, owner, query_reader)
                self._table.setdefault((route.method, len(entry.segments)), []).append(entry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] == "http":
            method = "GET" if scope["method"] == "HEAD" else scope["method"]
            parts = scope["path"].split("/")
            for entry in self._table.get((method, len(parts)), ()):
                if all(segment is None or segment == part for segment, part in zip(entry.segments, parts, strict=True)):
                    await self._serve(entry, parts, scope, Body(scope, receive), send)
                    return
        await self._inner(scope, receive, send)

    async def _serve(self, entry: _Entry, parts: list[str], scope: Scope, receive: Body, send: Send) -> None:
        started = time.perf_counter()
        view = RequestView(entry.route, scope)
        watch = _Watch(send)
        try:
            if entry.owner is not None and not self._host.is_enabled(entry.owner):
                raise NotFound
            caller = await self._admit(entry.route, scope)
            if self._guard is not None:
                await self._guard(view, caller)
            values = _path_values(entry, parts)
            values |= {"caller": caller, "host": self._host, "scope": scope, "receive": receive, "send": watch}
            if entry.query is not None:
                values["query"] = entry.query(scope["query_string"])
            await entry.route.handler(**{name: value for name, value in values.items() if name in entry.takes})
        except Refused as error:
            await self._refuse(scope, receive, watch, error)
        except Elsewhere as error:
            await send_redirect(scope, watch, error.location)
        except ClientGone:
            log.info("client left before its request was complete", path=scope["path"])
        except Exception as error:
            refused = _refused_for(error)
            if refused.status == 503:
                log.warning("the database is away", path=scope["path"], error=repr(error))
            elif refused.status == 500:
                log.exception("request failed", method=scope["method"], path=scope["path"])
            await self._refuse(scope, receive, watch, refused)
        if self._responded is not None:
            self._responded(view, watch.status, time.perf_counter() - started)

    async def _refuse(self, scope: Scope, receive: Body, watch: "_Watch", error: Refused) -> None:
        if watch.status:  # too late for an answer: returning before the end of the body closes the connection
            return
        await self._errors(scope, receive, watch, error)


def _refused_for(error: Exception) -> Refused:
    if is_away(error):
        return Refused(503, UNAVAILABLE)
    reason = unstorable(error)
    return Refused(500, "Internal server error") if reason is None else Refused(400, reason)


class _Watch:
    """An ASGI `send` that remembers the status."""

    __slots__ = ("_send", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


def _entry_of(route: Route, owner: str | None, query_reader: Callable[[Route], QueryReader] | None) -> _Entry:
    hints = get_type_hints(route.handler)
    parameters = inspect.signature(route.handler).parameters
    segments: list[str | None] = []
    names: list[tuple[int, str, bool]] = []
    for position, part in enumerate((PREFIX + route.path).split("/")):
        found = _PARAMETER.fullmatch(part)
        segments.append(None if found else part)
        if found:
            name = found[1]
            if name not in parameters:
                msg = f"{route.method} {route.path}: the handler has no parameter {name}"
                raise ValueError(msg)
            names.append((position, name, hints.get(name) is UUID))
    query = None
    if "query" in parameters:
        if query_reader is None:
            msg = f"{route.method} {route.path}: nothing reads the query that the handler takes"
            raise ValueError(msg)
        query = _remembering(query_reader(route))
    return _Entry(route, owner, frozenset(parameters), query, tuple(segments), tuple(names))


def _remembering(read: QueryReader) -> QueryReader:
    """Clients ask for the same pictures with the same words again and again; handlers do not change models."""
    remembered = lru_cache(maxsize=1024)(read)
    return lambda text: remembered(text) if len(text) <= 100 else read(text)


def _path_values(entry: _Entry, parts: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for position, name, is_uuid in entry.names:
        text = parts[position]
        if is_uuid:
            if _UUID4.fullmatch(text) is None:
                raise invalid_uuid(name)
            values[name] = UUID(text)
        else:
            values[name] = text
    return values


def invalid_uuid(*path: str) -> Refused:
    """The refusal of a malformed id."""
    issue: dict[str, object] = {
        "code": "invalid_format",
        "origin": "string",
        "format": "uuid",
        "path": list(path),
        "message": "Invalid UUID",
    }
    return Refused(400, "Validation failed", [issue])


class RequestView(Mapping[str, Any]):
    """A request as guards and listeners are shown it; put together when somebody looks."""

    __slots__ = ("_route", "_scope", "_values")

    def __init__(self, route: Route, scope: Scope) -> None:
        self._route = route
        self._scope = scope
        self._values: dict[str, Any] | None = None

    def _looked_at(self) -> dict[str, Any]:
        if self._values is None:
            scope = self._scope
            self._values = {
                "method": scope["method"],
                "path": scope["path"],
                "route": self._route.path,
                "operation_id": self._route.operation_id,
                "query": scope["query_string"].decode("latin-1"),
                "headers": {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
                "client": (scope.get("client") or ("",))[0],
            }
        return self._values

    def __getitem__(self, key: str) -> Any:
        return self._looked_at()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._looked_at())

    def __len__(self) -> int:
        return len(self._looked_at())
