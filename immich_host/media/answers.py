"""JSON answers and errors of the byte lane, also while a request's body is still coming."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from secrets import token_hex
from typing import Any, Final

import orjson

from immich_host.plugin_api.errors import Refused

type Message = MutableMapping[str, Any]
type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type Headers = Iterable[tuple[bytes, bytes]]

CORRELATION: Final = b"x-correlation-id"
_CORRELATION_KEY: Final = "immich_host.correlation"
_SANE: Final = re.compile(rb"[\x21-\x7e]{1,128}")
READ_ON: Final = 1 << 20
"""Up to this much of a body that nobody wants is read on, so that the connection can be kept."""
LINGER_BYTES: Final = 64 << 20
LINGER_SECONDS: Final = 3.0


class ClientGone(Exception):
    """The client closed the connection before the request was complete; there is nobody to answer."""


class Body:
    """An ASGI `receive` that knows whether the request's body has been read to its end."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self.length = _content_length(scope)
        self.taken = 0
        self.finished = scope["method"] in {"GET", "HEAD"}
        self.gone = False

    async def __call__(self) -> Message:
        """The next message, unchanged."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.gone = True
        elif message["type"] == "http.request":
            self.taken += len(message.get("body", b""))
            self.finished = self.finished or not message.get("more_body", False)
        return message

    @property
    def is_short(self) -> bool:
        """Whether so little is left that reading it costs less than a new connection."""
        return self.length is not None and self.length - self.taken <= READ_ON

    async def drain(self) -> None:
        """Read on for a moment, so that the client gets to see the answer before the connection closes."""
        limit = self.taken + LINGER_BYTES
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while not (self.finished or self.gone) and self.taken < limit:
                    await self()
        except TimeoutError:
            return


def _content_length(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else None
    return None


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of this lower-case name, or None."""
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return None


def correlation_of(scope: Scope) -> bytes:
    """The id of a request: the client's own where it is sane, else a new one; kept in the scope."""
    known = scope.get(_CORRELATION_KEY)
    if known is None:
        sent = next((value for key, value in scope["headers"] if key == CORRELATION), b"")
        known = sent if _SANE.fullmatch(sent) else token_hex(16).encode()
        scope[_CORRELATION_KEY] = known
    return known


async def send_json(
    scope: Scope, receive: Receive, send: Send, status: int, payload: object, headers: Headers = ()
) -> None:
    """Answer with JSON; a body that was not read to its end is drained a little and the connection closed."""
    text = orjson.dumps(payload)
    unread = receive if isinstance(receive, Body) and not receive.finished else None
    head = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        (CORRELATION, correlation_of(scope)),
        *headers,
    ]
    if unread and not unread.is_short and scope["http_version"].startswith("1"):
        head.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": head})
    if unread and not unread.gone:
        await send({"type": "http.response.body", "body": text, "more_body": True})
        await unread.drain()
        text = b""
    await send({"type": "http.response.body", "body": text, "more_body": False})


async def send_error(scope: Scope, receive: Receive, send: Send, error: Refused) -> None:
    """Answer a refusal with Immich's error body."""
    body: dict[str, object] = {"message": error.message}
    if error.errors is not None:
        body["errors"] = error.errors
    await send_json(scope, receive, send, error.status, body)


async def send_redirect(scope: Scope, send: Send, location: str, headers: Mapping[str, str] | None = None) -> None:
    """Answer 302."""
    head = [
        (b"location", location.encode("latin-1")),
        (b"content-length", b"0"),
        (CORRELATION, correlation_of(scope)),
        *((name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()),
    ]
    await send({"type": "http.response.start", "status": 302, "headers": head})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
