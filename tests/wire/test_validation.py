"""What is refused, and in which words: path, query string and body."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import MISSING, Field
from quart.typing import TestClientProtocol as Client

from immich_host.plugin_api.dto import Dto, QueryDto
from immich_host.plugin_api.types import ClockTime, Email, HexColor, Id, PinCode, QueryBool, QueryInt, Timestamp
from immich_host.plugin_api.web import Routes
from immich_host.wire.handlers import take_apart
from immich_host.wire.reading import read_query

ID = "6a6f21f6-1f0d-4c9b-8a3e-3a1df3d5a8a2"


class Mode(StrEnum):
    FAST = "fast"
    SLOW = "slow"


class Part(Dto):
    asset_id: Id
    score: float | MISSING = MISSING


class Thing(Dto):
    name: Annotated[str, Field(min_length=2, max_length=5)]
    email: Email | MISSING = MISSING
    pin_code: PinCode | MISSING | None = MISSING
    color: HexColor | MISSING = MISSING
    at_time: ClockTime | MISSING = MISSING
    taken_at: Timestamp | MISSING = MISSING
    rating: Annotated[int, Field(ge=-1, le=5)] | MISSING | None = MISSING
    is_new: bool | MISSING = MISSING
    mode: Mode | MISSING = MISSING
    parts: Annotated[list[Part], Field(max_length=2)] | MISSING = MISSING
    data: dict[str, Any] | MISSING = MISSING


class Lists(Dto):
    ids: list[Id]
    parts: list[Part] | MISSING | None = MISSING


class Search(QueryDto):
    asset_id: Id
    text: str | None = None
    is_new: QueryBool | None = None
    page: Annotated[QueryInt, Field(ge=1)] = 1
    mode: Mode | None = None
    ids: list[Id] | None = None


@pytest.fixture
def client(serve: Callable[..., Any]) -> Client:
    routes = Routes("T")

    @routes.post("/things", public=True)
    async def make(body: Thing) -> Thing:
        return body

    @routes.post("/lists", public=True)
    async def collect(body: Lists) -> Lists:
        return body

    @routes.get("/texts/{text}", public=True)
    async def speak(text: str) -> str:
        return text

    @routes.get("/things", public=True)
    async def search(query: Search) -> list[Any]:
        return [query.asset_id, query.is_new, query.page, query.mode, query.ids]

    @routes.get("/things/{id}/{mode}", public=True)
    async def one(id: UUID, mode: Mode) -> list[Any]:
        return [id, mode]

    @routes.put("/maybe", public=True)
    async def maybe(body: Thing | None) -> dict[str, bool]:
        return {"given": body is not None}

    return serve(routes).client


async def issues(answer: Any) -> list[dict[str, Any]]:
    body = await answer.get_json()
    assert (answer.status_code, body["message"]) == (400, "Validation failed")
    return body["errors"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("2024-05-01T10:11:12.3456+02:00", "2024-05-01T08:11:12.345Z"),
        ("0001-01-01T00:00:00+14:00", "0001-02-02T00:00:00.000Z"),
        ("9999-12-31T23:59:59-12:00", "9999-12-30T00:00:00.000Z"),
    ],
)
async def test_a_moment_is_one_that_every_clock_can_tell(client: Client, given: str, told: str) -> None:
    answer = await client.post("/api/things", json={"name": "abc", "takenAt": given})
    assert (await answer.get_json())["takenAt"] == told


@pytest.mark.parametrize(
    ("change", "path", "code", "message"),
    [
        ({"name": None}, ["name"], "invalid_type", "Invalid input: expected string, received null"),
        ({"name": 5}, ["name"], "invalid_type", "Invalid input: expected string, received number"),
        ({"name": "a"}, ["name"], "too_small", "Too small: expected string to have >=2 characters"),
        ({"name": "abcdef"}, ["name"], "too_big", "Too big: expected string to have <=5 characters"),
        ({"email": "nobody"}, ["email"], "invalid_format", "Invalid email address"),
        ({"email": None}, ["email"], "invalid_type", "Invalid input: expected string, received null"),
        ({"pinCode": "12345"}, ["pinCode"], "invalid_format", "Invalid string: must match pattern /^[0-9]{6}$/"),
        ({"takenAt": "yesterday"}, ["takenAt"], "invalid_format", "Invalid ISO datetime"),
        ({"takenAt": "2024-05-01T10:11:12"}, ["takenAt"], "invalid_format", "Invalid ISO datetime"),
        ({"takenAt": "1714558272"}, ["takenAt"], "invalid_format", "Invalid ISO datetime"),
        ({"takenAt": "-1714558272.5"}, ["takenAt"], "invalid_format", "Invalid ISO datetime"),
        ({"takenAt": 5}, ["takenAt"], "invalid_type", "Invalid input: expected string, received number"),
        ({"rating": 6}, ["rating"], "too_big", "Too big: expected number to be <=5"),
        ({"rating": -2}, ["rating"], "too_small", "Too small: expected number to be >=-1"),
        ({"rating": "5"}, ["rating"], "invalid_type", "Invalid input: expected number, received string"),
        ({"rating": 1.5}, ["rating"], "invalid_type", "Invalid input: expected int, received number"),
        ({"isNew": "true"}, ["isNew"], "invalid_type", "Invalid input: expected boolean, received string"),
        ({"isNew": 1}, ["isNew"], "invalid_type", "Invalid input: expected boolean, received number"),
        ({"mode": "medium"}, ["mode"], "invalid_value", 'Invalid option: expected one of "fast"|"slow"'),
        ({"parts": {}}, ["parts"], "invalid_type", "Invalid input: expected array, received object"),
        ({"parts": [{"assetId": ID}] * 3}, ["parts"], "too_big", "Too big: expected array to have <=2 items"),
        ({"parts": [{"assetId": "x"}]}, ["parts", 0, "assetId"], "invalid_format", "Invalid UUID"),
        (
            {"parts": [{}]},
            ["parts", 0, "assetId"],
            "invalid_type",
            "Invalid input: expected string, received undefined",
        ),
        ({"parts": [[]]}, ["parts", 0], "invalid_type", "Invalid input: expected object, received array"),
        ({"data": []}, ["data"], "invalid_type", "Invalid input: expected object, received array"),
        ({"name": "a\0b"}, ["name"], "custom", "Invalid input: text with the character U+0000"),
        (
            {"data": {"a": [{"b": "\0"}]}},
            ["data", "a", 0, "b"],
            "custom",
            "Invalid input: text with the character U+0000",
        ),
        ({"data": {"\0": 1}}, ["data"], "custom", "Invalid input: text with the character U+0000"),
        ({"data": {"a": 2**63}}, ["data", "a"], "too_big", f"Too big: expected number to be <={2**63 - 1}"),
        ({"data": {"a": -(10**30)}}, ["data", "a"], "too_big", f"Too big: expected number to be <={2**63 - 1}"),
    ],
)
async def test_bodies(client: Client, change: dict[str, Any], path: list[Any], code: str, message: str):
    found = await issues(await client.post("/api/things", json={"name": "abc"} | change))
    assert [(each["path"], each["code"], each["message"]) for each in found] == [(path, code, message)]


async def test_body_as_it_comes_back(client: Client):
    sent = {
        "name": "abc",
        "email": "ADA@Example.org",
        "pinCode": None,
        "takenAt": "2024-05-01T12:11:12.345678+02:00",
        "parts": [{"assetId": ID, "score": 1}],
        "is_new": True,
        "unknown": {"a": 1},
    }
    answer = await client.post("/api/things", json=sent)
    assert await answer.get_json() == {
        "name": "abc",
        "email": "ada@example.org",
        "pinCode": None,
        "takenAt": "2024-05-01T10:11:12.345Z",
        "parts": [{"assetId": ID, "score": 1.0}],
    }


@pytest.mark.parametrize("value", ["\\u0000", "0" * 30, 2**63 - 1])
async def test_values_that_only_look_as_if_they_could_not_be_stored(client: Client, value: object):
    answer = await client.post("/api/things", json={"name": "abc", "data": {"a": value}})
    assert (await answer.get_json())["data"] == {"a": value}


async def test_of_a_list_the_first_fault_is_told(client: Client):
    found = await issues(await client.post("/api/lists", json={"ids": [ID, 1, 2], "parts": [{"score": "a"}, {}]}))
    assert [each["path"] for each in found] == [["ids", 1], ["parts", 0, "assetId"], ["parts", 0, "score"]]


async def test_a_body_full_of_faults_costs_little(client: Client):
    found = await issues(await client.post("/api/lists", data=b'{"ids":[' + b"1," * 2_000_000 + b"1]}"))
    assert [each["path"] for each in found] == [["ids", 0]]


@pytest.mark.parametrize("data", [b"", b"  "])
async def test_missing_body(client: Client, data: bytes):
    found = await issues(await client.post("/api/things", data=data))
    assert found[0]["message"] == "Invalid input: expected object, received undefined"


@pytest.mark.parametrize("data", [b"{", b"name=abc", b'{"name": "abc",}', b"\xff\xfe"])
async def test_not_json(client: Client, data: bytes):
    answer = await client.post("/api/things", data=data)
    assert (answer.status_code, await answer.get_json()) == (400, {"message": "The body is not valid JSON"})


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_json_is_not_taken_from_what_any_page_may_send(client: Client, kind: str):
    answer = await client.post("/api/things", data=b'{"name": "abc"}', headers={"Content-Type": kind})
    said = {"message": "The body must be sent as application/json"}
    assert (answer.status_code, await answer.get_json()) == (400, said)


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=UTF-8", "application/octet-stream"])
async def test_json_is_taken_under_other_names(client: Client, kind: str):
    answer = await client.post("/api/things", data=b'{"name": "abc"}', headers={"Content-Type": kind})
    assert await answer.get_json() == {"name": "abc"}


async def test_optional_body(client: Client):
    assert await (await client.put("/api/maybe")).get_json() == {"given": False}
    assert await (await client.put("/api/maybe", json={"name": "abc"})).get_json() == {"given": True}


async def test_body_over_ten_megabytes(client: Client):
    answer = await client.post("/api/things", data=b" " * (10 * 1024 * 1024 + 1))
    assert (answer.status_code, await answer.get_json()) == (413, {"message": "Request Entity Too Large"})


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        ("", ["assetId"], "Invalid input: expected string, received undefined"),
        ("assetId=x", ["assetId"], "Invalid UUID"),
        (f"assetId={ID}&isNew=1", ["isNew"], 'Invalid option: expected one of "true"|"false"'),
        (f"assetId={ID}&isNew=", ["isNew"], 'Invalid option: expected one of "true"|"false"'),
        (f"assetId={ID}&page=x", ["page"], "Invalid input: expected number, received NaN"),
        (f"assetId={ID}&page=0", ["page"], "Too small: expected number to be >=1"),
        (f"assetId={ID}&mode=x", ["mode"], 'Invalid option: expected one of "fast"|"slow"'),
        (f"assetId={ID}&ids={ID}&ids=x", ["ids", 1], "Invalid UUID"),
        (f"assetId={ID}&text=%00", ["text"], "Invalid input: text with the character U+0000"),
    ],
)
async def test_query_strings(client: Client, query: str, path: list[Any], message: str):
    found = await issues(await client.get(f"/api/things?{query}"))
    assert [(each["path"], each["message"]) for each in found] == [(path, message)]


@pytest.mark.parametrize(
    ("query", "values"),
    [
        (f"assetId={ID}&nonsense=1", [ID, None, 1, None, None]),
        (f"assetId={ID}&isNew=false&page=3&mode=slow&ids={ID}", [ID, False, 3, "slow", [ID]]),
        (f"assetId={ID}&ids[]={ID}&ids[]={ID}", [ID, None, 1, None, [ID, ID]]),
    ],
)
async def test_query_values(client: Client, query: str, values: list[Any]):
    assert await (await client.get(f"/api/things?{query}")).get_json() == values


@pytest.mark.parametrize("written", ["K%C3%A4se", "Käse"])
def test_a_query_may_be_encoded_or_not(written: str):
    async def search(query: Search) -> None:
        del query

    routes = Routes("T")
    routes.get("/things", public=True)(search)
    handled = take_apart(routes.routes[0])
    assert read_query(handled, f"assetId={ID}&text={written}".encode()).text == "Käse"


async def test_a_path_has_no_nul(client: Client):
    found = await issues(await client.get("/api/texts/a%00b"))
    assert [each["path"] for each in found] == [["text"]]


@pytest.mark.parametrize(
    ("path", "name", "message"),
    [
        ("x/fast", "id", "Invalid UUID"),
        ("0197b3f2-0000-7000-8000-000000000000/fast", "id", "Invalid UUID"),
        (f"{ID}/brisk", "mode", 'Invalid option: expected one of "fast"|"slow"'),
    ],
)
async def test_paths(client: Client, path: str, name: str, message: str):
    found = await issues(await client.get(f"/api/things/{path}"))
    assert [(each["path"], each["message"]) for each in found] == [([name], message)]


async def test_path_values(client: Client):
    assert await (await client.get(f"/api/things/{ID}/slow")).get_json() == [ID, "slow"]
