"""The byte lane: routes that move bytes, answered in raw ASGI before Quart sees them."""

import inspect
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, get_type_hints
from uuid import UUID

import structlog

from immich_host.media.answers import Body, ClientGone, Receive, Scope, Send, send_error, send_redirect
from immich_host.plugin_api.errors import Elsewhere, Refused
from immich_host.plugin_api.web import Caller, Route

PREFIX: Final = "/api"

_PARAMETER = re.compile(r"\{(\w+)\}")
_UUID4 = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")

log = structlog.get_logger("media")

type App = Callable[[Scope, Receive, Send], Awaitable[None]]
type ErrorWriter = Callable[[Scope, Receive, Send, Refused], Awaitable[None]]
type Responded = Callable[[Scope, Caller | None, int, float], Awaitable[None]]
"""Told after each answer: the request, who asked, the status (0 where the client left) and the seconds."""


class Gate(Protocol):
    """Who asks, and may they? One gate for this lane and for Quart."""

    async def authorise(
        self, route: Route, headers: Mapping[str, str], query_string: bytes, cookies: Mapping[str, str], scheme: str
    ) -> Caller | None:
        """The caller, None on public routes; raises Refused."""
        ...


@dataclass(frozen=True, slots=True)
class _Entry:
    route: Route
    segments: tuple[str | None, ...]
    names: tuple[tuple[int, str, bool], ...]
    """Position, name and whether it is a UUID."""


class Lane:
    """An ASGI app in front of another one; requests that match no raw route pass through untouched."""

    def __init__(
        self,
        inner: App,
        gate: Gate,
        routes: Iterable[Route],
        *,
        errors: ErrorWriter = send_error,
        responded: Responded | None = None,
    ) -> None:
        self._inner = inner
        self._gate = gate
        self._errors = errors
        self._responded = responded
        self._table: dict[tuple[str, int], list[_Entry]] = {}
        for route in routes:
            if route.raw:
                entry = _entry_of(route)
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
        watch = _Watch(send)
        caller: Caller | None = None
        try:
            headers, cookies = _headers_of(scope)
            caller = await self._gate.authorise(entry.route, headers, scope["query_string"], cookies, scope["scheme"])
            await entry.route.handler(caller, scope, receive, watch, **_path_values(entry, parts))
        except Refused as error:
            await self._refuse(scope, receive, watch, error)
        except Elsewhere as error:
            await send_redirect(scope, watch, error.location)
        except ClientGone:
            log.info("client left before its request was complete", path=scope["path"])
        except Exception:
            log.exception("request failed", method=scope["method"], path=scope["path"])
            await self._refuse(scope, receive, watch, Refused(500, "Internal server error"))
        if self._responded is not None:
            await self._responded(scope, caller, watch.status, time.perf_counter() - started)

    async def _refuse(self, scope: Scope, receive: Body, watch: "_Watch", error: Refused) -> None:
        if watch.status:  # too late for an answer: returning before the end of the body closes the connection
            return
        await self._errors(scope, receive, watch, error)


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


def _entry_of(route: Route) -> _Entry:
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
    return _Entry(route, tuple(segments), tuple(names))


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
        "format": "uuid",
        "path": list(path),
        "message": "Invalid UUID",
    }
    return Refused(400, "Validation failed", [issue])


def _headers_of(scope: Scope) -> tuple[dict[str, str], dict[str, str]]:
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        if key == "cookie":
            for pair in text.split(";"):
                cookie, _, content = pair.partition("=")
                cookies.setdefault(cookie.strip(), content.strip().strip('"'))
        headers.setdefault(key, text)
    return headers, cookies
