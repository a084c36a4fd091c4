from uuid import UUID, uuid4

import orjson
import pytest

from immich_host.media.answers import send_json
from immich_host.media.lane import Lane
from immich_host.plugin_api.errors import Elsewhere, Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, Routes

CALLER = Caller(user_id=uuid4(), email="a@b.c", name="A", is_admin=False)
routes = Routes("Bytes")


@routes.get("/things/{id}/bytes", permission=Permission.ASSET_VIEW, raw=True)
async def thing(caller: Caller, scope, receive, send, id: UUID) -> None:
    await send_json(scope, receive, send, 200, {"id": str(id), "by": str(caller.user_id)})


@routes.get("/things/{id}/by/{name}", public=True, raw=True)
async def named(caller: None, scope, receive, send, id: UUID, name: str) -> None:
    await send_json(scope, receive, send, 200, {"name": name, "caller": caller})


@routes.post("/things", permission=Permission.ASSET_UPLOAD, raw=True)
async def fails(caller: Caller, scope, receive, send) -> None:
    raise ZeroDivisionError


@routes.get("/elsewhere", public=True, raw=True)
async def elsewhere(caller: None, scope, receive, send) -> None:
    raise Elsewhere("/api/things")


@routes.get("/host", public=True, raw=True)
async def with_host(host, scope, receive, send) -> None:
    await send_json(scope, receive, send, 200, {"enabled": host.is_enabled("gadgets")})


@routes.get("/asked", public=True, raw=True)
async def asked(query, scope, receive, send) -> None:
    await send_json(scope, receive, send, 200, {"query": query})


@routes.get("/quart", public=True)
async def not_raw() -> None:
    raise AssertionError


async def admit(route, scope):
    if route.public:
        return None
    if b"token=good" not in dict(scope["headers"]).get(b"cookie", b"") and b"key=good" not in scope["query_string"]:
        raise Refused(401, "Authentication required")
    return CALLER


class Host:
    def __init__(self):
        self.off = set()

    def is_enabled(self, plugin):
        return plugin not in self.off


@pytest.fixture
async def line(serving):
    seen = []

    async def inner(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        await send_json(scope, receive, send, 418, {"inner": scope["path"]})

    def responded(request, status, seconds):
        seen.append((request["method"], request["route"], status))
        assert seconds > 0

    async def guard(request, caller):
        if "x-banned" in request["headers"]:
            raise Refused(403, f"Not today, {caller.name}")

    host = Host()
    owned = [(route, "gadgets" if route.path == "/elsewhere" else None) for route in routes.routes]
    async with serving(
        Lane(inner, admit, owned, host, query_reader=lambda _: bytes.decode, guard=guard, responded=responded)
    ) as connect:
        line = await connect()
        line.seen, line.host = seen, host
        yield line


async def test_a_raw_route_gets_caller_and_path(line):
    thing_id = uuid4()
    answer = await line.ask("GET", f"/api/things/{thing_id}/bytes?key=good")
    assert answer.status == 200
    assert orjson.loads(answer.body) == {"id": str(thing_id), "by": str(CALLER.user_id)}
    assert line.seen == [("GET", "/things/{id}/bytes", 200)]
    public = await line.ask("GET", f"/api/things/{thing_id}/by/K%C3%A4se")
    assert orjson.loads(public.body) == {"name": "Käse", "caller": None}


async def test_everything_else_passes_through(line):
    for method, path in [
        ("GET", "/api/quart"),
        ("GET", "/api/things"),
        ("DELETE", f"/api/things/{uuid4()}/bytes"),
        ("GET", "/things"),
        ("GET", "/"),
    ]:
        assert (await line.ask(method, path)).status == 418
    assert line.seen == []


async def test_refusals_have_immichs_body_and_an_echoed_correlation_id(line):
    answer = await line.ask("GET", f"/api/things/{uuid4()}/bytes", {"X-Correlation-ID": "abc"})
    assert (answer.status, answer.body) == (401, b'{"message":"Authentication required"}')
    assert answer.headers["x-correlation-id"] == "abc"
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("id", ["x", "00000000-0000-1000-8000-000000000000", "6571db9c3ce84f91a69e80a3823fbd4b"])
async def test_malformed_ids(line, id):
    assert (await line.ask("GET", f"/api/things/{id}/bytes")).status == 401
    answer = await line.ask("GET", f"/api/things/{id}/bytes", {"Cookie": "a=1; token=good"})
    assert answer.status == 400
    body = orjson.loads(answer.body)
    assert body["message"] == "Validation failed"
    assert (body["errors"][0]["path"], body["errors"][0]["message"]) == (["id"], "Invalid UUID")
    assert answer.headers["x-correlation-id"]


async def test_an_unexpected_error_tells_nothing(line, caplog):
    answer = await line.ask("POST", "/api/things?key=good", {"If-None-Match": '"x"'}, b"body")
    assert (answer.status, answer.body) == (500, b'{"message":"Internal server error"}')


async def test_an_answer_elsewhere_is_a_redirect(line):
    answer = await line.ask("GET", "/api/elsewhere")
    assert (answer.status, answer.headers["location"]) == (302, "/api/things")


async def test_routes_of_a_plugin_that_is_off_are_gone(line):
    line.host.off.add("gadgets")
    answer = await line.ask("GET", "/api/elsewhere")
    assert (answer.status, answer.body) == (404, b'{"message":"Not Found"}')


async def test_the_request_guard_is_asked_after_authentication(line):
    path = f"/api/things/{uuid4()}/bytes"
    assert (await line.ask("GET", path, {"X-Banned": "1"})).status == 401
    answer = await line.ask("GET", f"{path}?key=good", {"X-Banned": "1"})
    assert (answer.status, answer.body) == (403, b'{"message":"Not today, A"}')


async def test_a_handler_takes_what_it_names(line):
    answer = await line.ask("GET", "/api/host")
    assert answer.body == b'{"enabled":true}'
    answer = await line.ask("GET", "/api/asked?a=1")
    assert answer.body == b'{"query":"a=1"}'
    with pytest.raises(ValueError, match="nothing reads the query"):
        Lane(None, admit, [(route, None) for route in routes.routes], Host())  # type: ignore[arg-type]


async def test_head_is_served_by_the_get_route(line):
    answer = await line.ask("HEAD", f"/api/things/{uuid4()}/bytes?key=good")
    assert (answer.status, answer.body) == (200, b"")


def test_a_handler_lacking_a_path_parameter_is_refused_at_boot():
    broken = Routes("Broken")

    @broken.get("/x/{id}", public=True, raw=True)
    async def handler(caller, scope, receive, send):
        raise AssertionError

    with pytest.raises(ValueError, match="no parameter id"):
        Lane(None, admit, [(route, None) for route in broken.routes], Host())  # type: ignore[arg-type]
