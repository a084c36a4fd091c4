"""Shapes that are wrong are seen."""

from typing import Any

import httpx
import pytest

from tests.together.shapes import Document

THING = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "kind": {"enum": ["a", "b"]},
        "size": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string", "pattern": "^#"}},
        "more": {"type": "object", "additionalProperties": {"type": "boolean"}},
    },
    "required": ["id"],
}
DOCUMENT = Document({
    "paths": {"/things": {"get": {"responses": {
        "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
    }}}},
    "components": {"schemas": {"Thing": THING}},
})  # fmt: skip
RIGHT = {"id": "8b6a3b0e-5a1c-4f0e-9d5a-0c1f6f3d7a11", "kind": "b", "size": None, "tags": ["#x"], "more": {"y": True}}


def test_what_is_right_passes() -> None:
    DOCUMENT.check("GET", "/things", httpx.Response(200, json=RIGHT))
    DOCUMENT.check("GET", "/things", httpx.Response(404, json={"message": "Not Found"}))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"id": 5}, ".id: 5 is no string"),
        ({"id": "five"}, ".id: 'five' is no UUID"),
        ({"kind": "c"}, ".kind: 'c' is none of"),
        ({"size": "big"}, ".size: 'big' is no"),
        ({"size": True}, ".size: True is no"),
        ({"tags": ["x"]}, ".tags[0]: 'x' does not match"),
        ({"more": {"y": 1}}, ".more.y: 1 is no boolean"),
        ({"other": 1}, ".other is not described"),
    ],
)
def test_what_is_wrong_is_told(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(AssertionError) as told:
        DOCUMENT.check("GET", "/things", httpx.Response(200, json=RIGHT | change))
    assert fault in str(told.value)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={}),
        httpx.Response(201, json=RIGHT),
        httpx.Response(200, text="{}", headers={"content-type": "text/plain"}),
        httpx.Response(404, json={"error": "x"}),
        httpx.Response(500, json={"message": "x"}),
    ],
)
def test_answers_that_may_not_be(answer: httpx.Response) -> None:
    with pytest.raises((AssertionError, KeyError)):
        DOCUMENT.check("GET", "/things", answer)
