"""Reading the form of a `/predict` request, in bounded memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

type Receive = Callable[[], Awaitable[Mapping[str, Any]]]
type Scope = Mapping[str, Any]

PARTS_LIMIT = 16
SILENCE_SECONDS = 30.0
"""A client that sends nothing for so long is not waited for any more."""


class Gone(Exception):
    """The client has left."""


class Silent(Exception):
    """The client does not go on sending."""


class TooLarge(Exception):
    """The body is larger than the service takes."""


class BadForm(Exception):
    """The body is no form."""


@dataclass(slots=True)
class Form:
    """Parts by name."""

    parts: dict[str, BytesIO] = field(default_factory=dict[str, BytesIO])

    def take_bytes(self, name: str) -> bytes | None:
        """A part's content, without a copy, which the form then has no more; None where it is not there."""
        content = self.parts.pop(name, None)
        return None if content is None else content.getvalue()

    def take_text(self, name: str) -> str | None:
        """The same as text.

        Raises:
            BadForm: It is no UTF-8.
        """
        content = self.take_bytes(name)
        try:
            return None if content is None else content.decode()
        except UnicodeDecodeError as error:
            msg = f"{name} is no text"
            raise BadForm(msg) from error


def length_of(scope: Scope, limit: int) -> int:
    """Bytes that a body may have: as many as its request says, else as the service takes.

    Raises:
        TooLarge: It says more than that.
    """
    said = next((value for name, value in scope["headers"] if name.lower() == b"content-length"), b"")
    length = int(said) if said.isdigit() else limit
    if length > limit:
        raise TooLarge
    return length


async def read_form(scope: Scope, receive: Receive, limit: int) -> Form:
    """Read a whole body.

    Args:
        scope: The request.
        receive: Its messages.
        limit: Bytes of the body.

    Raises:
        BadForm: It is no form, or not whole.
        TooLarge: It has more bytes.
        Gone: The client has left.
        Silent: It does not go on sending.
    """
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    kind, options = parse_options_header(headers.get(b"content-type", ""))
    if kind == "application/x-www-form-urlencoded":
        body = b"".join([chunk async for chunk in _chunks(receive, limit)])
        return Form({name: BytesIO(value.encode()) for name, value in parse_qsl(body.decode("latin-1"), True)})
    if kind != "multipart/form-data" or "boundary" not in options:
        msg = "the body has to be multipart/form-data"
        raise BadForm(msg)
    return await _multipart(receive, limit, options["boundary"])


async def _multipart(receive: Receive, limit: int, boundary: str) -> Form:
    form = Form()
    part = BytesIO()
    try:
        with PushMultipartParser(boundary, max_segment_count=PARTS_LIMIT) as parser:
            async for chunk in _chunks(receive, limit):
                for event in parser.parse(chunk):
                    if isinstance(event, MultipartSegment):
                        part = form.parts[event.name or ""] = BytesIO()
                    elif event:
                        part.write(event)
    except MultipartError as error:
        msg = f"the body is not whole: {error}"
        raise BadForm(msg) from error
    return form


async def _within(seconds: float, receive: Receive) -> Mapping[str, Any]:
    try:
        async with asyncio.timeout(seconds):
            return await receive()
    except TimeoutError as error:
        raise Silent from error


async def _chunks(receive: Receive, limit: int) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await _within(SILENCE_SECONDS, receive)
        if message["type"] == "http.disconnect":
            raise Gone
        more = message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        limit -= len(chunk)
        if limit < 0:
            raise TooLarge
        if chunk:  # an empty one would end the parser
            yield chunk
