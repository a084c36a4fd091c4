"""Answers: JSON bodies, Immich's error bodies, and the correlation id that every answer carries."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any

import orjson
from pydantic import BaseModel
from quart import Response

from immich_host.media.answers import correlation_of
from immich_host.plugin_api.errors import Elsewhere, Refused
from immich_host.plugin_api.types import wire_time
from immich_host.plugin_api.web import ByteStream

JSON_TYPE = "application/json; charset=utf-8"
CORRELATION_HEADER = "X-Correlation-ID"
INTERNAL_ERROR = "Internal server error"


def correlation_id(scope: Any) -> str:
    """The id of a request, which every answer carries as `X-Correlation-ID` and log lines as `correlation`."""
    return correlation_of(scope).decode("latin-1")


def dump_json(value: object) -> bytes:
    """JSON of a plain value or of models within one, dates as the wire has them."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if hasattr(value, "tzinfo"):
        return wire_time(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError


def json_response(value: object, status: int = 200) -> Response:
    """A Quart response with a JSON body, for handlers that set cookies or headers themselves."""
    return Response(dump_json(value), status, content_type=JSON_TYPE)


def error_body(message: str, errors: list[dict[str, object]] | None = None) -> bytes:
    """Immich's error body as JSON text."""
    return dump_json({"message": message} if errors is None else {"message": message, "errors": errors})


def error_response(status: int, message: str, errors: list[dict[str, object]] | None = None) -> Response:
    """Immich's error body as a Quart response."""
    return Response(error_body(message, errors), status, content_type=JSON_TYPE)


def refusal(error: Refused | Elsewhere) -> Response:
    """The answer for an error that a handler raised on purpose."""
    if isinstance(error, Elsewhere):
        return Response(b"", 302, headers={"Location": error.location})
    return error_response(error.status, error.message, error.errors)


def stream_response(stream: ByteStream, status: int, headers: Mapping[str, str]) -> Response:
    """A streamed answer: the next chunk is asked for when the client has taken the last one."""
    response = Response(_chunks(stream.chunks), status, content_type=stream.content_type)
    response.timeout = None
    response.headers.update({**stream.headers, **headers})
    return response


async def _chunks(source: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    try:
        async for chunk in source:
            yield chunk
    finally:
        close = getattr(source, "aclose", None)
        if close is not None:
            await close()
