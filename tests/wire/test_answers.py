"""How answers leave: statuses, headers, streams, errors, correlation ids."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from quart import Response
from quart.typing import TestClientProtocol as Client

from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.errors import Elsewhere, NotFound, Refused
from immich_host.plugin_api.types import Timestamp
from immich_host.plugin_api.web import Answer, ByteStream, RawJson, Routes, json_list
from immich_host.testing.waiting import PATIENCE
from immich_host.wire.answers import correlation_id, json_response
from immich_host.wire.dto import AssetStatsResponseDto
from immich_host.wire.handlers import BadHandler

STATS = AssetStatsResponseDto(images=1, videos=2, total=3)
JSON = "application/json; charset=utf-8"


class Moment(Dto):
    at_time: Timestamp


def all_kinds() -> Routes:
    routes = Routes("T")

    @routes.get("/dto", public=True)
    async def dto() -> AssetStatsResponseDto:
        return STATS

    @routes.post("/made", public=True, status=201)
    async def made() -> list[AssetStatsResponseDto]:
        return [STATS]

    @routes.delete("/gone", public=True)
    async def gone() -> None:
        """Delete nothing."""

    @routes.get("/raw", public=True, answers=AssetStatsResponseDto)
    async def raw() -> RawJson:
        return RawJson('{"images":1}')

    @routes.post("/chosen", public=True)
    async def chosen() -> Answer[AssetStatsResponseDto]:
        return Answer(STATS, status=202, headers={"x-extra": "yes"})

    @routes.get("/own", public=True)
    async def own() -> Response:
        response = json_response({"at": datetime(2024, 5, 1, tzinfo=UTC)}, 203)
        response.set_cookie("a", "b")
        return response

    @routes.get("/maybe", public=True)
    async def maybe() -> AssetStatsResponseDto | None:
        return None

    @routes.get("/moment", public=True)
    async def moment() -> Moment:
        return Moment(at_time=datetime(2024, 5, 1, 10, 11, 12, 345678, tzinfo=UTC))

    return routes


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "dto", 200, b'{"images":1,"total":3,"videos":2}'),
        ("POST", "made", 201, b'[{"images":1,"total":3,"videos":2}]'),
        ("DELETE", "gone", 204, b""),
        ("GET", "raw", 200, b'{"images":1}'),
        ("POST", "chosen", 202, b'{"images":1,"total":3,"videos":2}'),
        ("GET", "own", 203, b'{"at":"2024-05-01T00:00:00.000Z"}'),
        ("GET", "maybe", 200, b"null"),
        ("GET", "moment", 200, b'{"atTime":"2024-05-01T10:11:12.345Z"}'),
        ("GET", "dto/", 200, b'{"images":1,"total":3,"videos":2}'),
    ],
)
async def test_bodies(serve: Callable[..., Any], method: str, path: str, status: int, body: bytes):
    # Clients of Immich ask with odd Accept headers and send ETags they saw elsewhere.
    headers = {"accept": "application/octet-stream", "if-none-match": "*"}
    answer = await serve(all_kinds()).client.open(f"/api/{path}", method=method, headers=headers)
    assert (answer.status_code, await answer.get_data()) == (status, body)
    if body:
        assert answer.headers["content-type"] == JSON
    if path == "chosen":
        assert answer.headers["x-extra"] == "yes"
    if path == "own":
        assert answer.headers["set-cookie"].startswith("a=b")


@pytest.fixture
def failing(serve: Callable[..., Any]) -> Client:
    routes = Routes("T")
    errors: dict[str, Exception] = {
        "refused": Refused(409, "No", [{"code": "custom", "path": [], "message": "x"}]),
        "missing": NotFound(),
        "elsewhere": Elsewhere("/api/dto"),
        "broken": RuntimeError("secret detail"),
    }

    @routes.get("/{kind}", public=True)
    async def fail(kind: str) -> None:
        raise errors[kind]

    return serve(routes).client


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/api/refused", 409, {"message": "No", "errors": [{"code": "custom", "path": [], "message": "x"}]}),
        ("/api/missing", 404, {"message": "Not Found"}),
        ("/api/broken", 500, {"message": "Internal server error"}),
        ("/api/un/known", 404, {"message": "Not Found"}),
        ("/nothing", 404, {"message": "Not Found"}),
    ],
)
async def test_errors(failing: Client, path: str, status: int, body: dict[str, Any]):
    with structlog.testing.capture_logs() as logged:
        answer = await failing.get(path, headers={"X-Correlation-ID": "abc-1"})
    assert (answer.status_code, await answer.get_json()) == (status, body)
    assert answer.headers["x-correlation-id"] == "abc-1"
    assert [entry["correlation_id"] for entry in logged] == (["abc-1"] if status == 500 else [])
    if status == 500:
        assert "secret detail" in repr(logged[0]["exc_info"])


async def test_elsewhere(failing: Client):
    answer = await failing.get("/api/elsewhere")
    assert (answer.status_code, answer.headers["location"]) == (302, "/api/dto")


async def test_other_methods(failing: Client):
    wrong = await failing.post("/api/missing")
    assert (wrong.status_code, await wrong.get_json()) == (405, {"message": "Method Not Allowed"})
    assert set(wrong.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    options = await failing.options("/api/missing")
    assert (options.status_code, await options.get_data()) == (200, b"")
    assert "x-correlation-id" in options.headers


@pytest.mark.parametrize("sent", [None, b"", b"a b", b"x" * 200, b"a\x7fb"])
def test_correlation_ids_are_made_where_none_is_sane(sent: bytes | None):
    scope: dict[str, Any] = {"headers": [] if sent is None else [(b"X-Correlation-Id", sent)]}
    made = correlation_id(scope)
    assert len(made) == 32
    assert correlation_id(scope) == made


@pytest.mark.parametrize(
    ("pages", "sent"),
    [
        ([], b"[]"),
        ([[]], b"[]"),
        ([[b"1", b"2"], [], [b"3"], [b"4", b"5"]], b"[1,2,3,4,5]"),
        ([[], [b"1"], [], [b"2"]], b"[1,2]"),
        ([[b"1"], [b"2" * 60_000] * 3, [b"3"]], b",".join([b"[1", *[b"2" * 60_000] * 3, b"3]"])),
    ],
)
async def test_lists_that_are_sent_while_they_are_read(pages: list[list[bytes]], sent: bytes):
    async def read() -> AsyncIterator[list[bytes]]:
        for page in pages:
            yield page

    answer = await json_list(read())
    assert b"".join([chunk async for chunk in answer.chunks]) == sent
    assert answer.content_type == JSON


async def test_small_entries_of_a_list_are_sent_together_and_large_ones_are_not():
    async def read() -> AsyncIterator[list[bytes]]:
        yield []
        yield [b"1"] * 1000
        yield [b"2" * 40_000] * 4

    sent = [chunk async for chunk in (await json_list(read())).chunks]
    assert [len(chunk) for chunk in sent] == [1, 1999, 80_002, 80_002, 1]


async def test_a_list_that_cannot_be_begun_is_told_by_the_status():
    async def read() -> AsyncIterator[list[bytes]]:
        raise Refused(400, "no")
        yield []

    with pytest.raises(Refused):
        await json_list(read())


async def test_streams_wait_for_the_client(serve: Callable[..., Any]):
    routes, made, closed = Routes("T"), [], asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        try:
            for number in range(100):
                made.append(number)
                yield b"x" * 1000
        finally:
            closed.set()

    @routes.get("/archive", public=True)
    async def archive() -> ByteStream:
        return ByteStream(chunks(), "application/zip", {"content-disposition": "attachment"})

    app = serve(routes).app
    first, gone = asyncio.Event(), asyncio.Event()
    started: dict[str, Any] = {}
    asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        message = next(asked, None)
        if message is None:
            await gone.wait()
            return {"type": "http.disconnect"}
        return message

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
            return
        first.set()
        await asyncio.Event().wait()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/api/archive",
        "raw_path": b"/api/archive",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"test")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "extensions": {},
    }
    running = asyncio.ensure_future(app(scope, receive, send))
    await asyncio.wait_for(first.wait(), PATIENCE)
    assert made == [0]
    gone.set()
    await asyncio.wait([running], timeout=PATIENCE)
    await asyncio.wait_for(closed.wait(), PATIENCE)
    assert made == [0]
    headers = dict(started["headers"])
    assert headers[b"content-type"] == b"application/zip"
    assert b"content-length" not in headers


@pytest.mark.parametrize("path", ["/things/{id}", "/things"])
def test_handlers_that_do_not_fit_are_refused(serve: Callable[..., Any], path: str):
    routes = Routes("T")

    async def handler(nonsense: int) -> None:
        """Take what nobody gives."""

    routes.get(path, public=True)(handler)
    with pytest.raises(BadHandler, match="nonsense"):
        serve(routes)


def test_public_handlers_have_no_caller(serve: Callable[..., Any]):
    routes = Routes("T")

    async def handler(caller: Any) -> None:
        """Take a caller where none is."""

    routes.get("/things", public=True)(handler)
    with pytest.raises(BadHandler, match="no caller"):
        serve(routes)
