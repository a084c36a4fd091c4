"""Filters on their own: how bodies are read, what is refused, and that flat fields ask what filters ask."""

from typing import Any

import pytest
from pydantic import ValidationError

from immich_search.bodies import SearchBody
from immich_search.filters import SearchFilter
from immich_search.flat import asked_by

ID = "5d8fa3a4-1c0f-4d7e-9f49-6f2d3f1f0a11"


def read(body: dict[str, Any]) -> SearchBody:
    return SearchBody.model_validate(body, by_alias=True, by_name=False)


def asked(body: dict[str, Any]) -> dict[str, Any]:
    return asked_by(read(body)).filter.model_dump(mode="json", by_alias=True, exclude_unset=True)


@pytest.mark.parametrize(
    ("flat", "whole"),
    [
        ({"city": "Rome"}, {"city": {"eq": "Rome"}}),
        ({"city": None, "make": ""}, {"city": {"eq": None}, "make": {"eq": None}}),
        ({"personIds": [ID]}, {"personIds": {"all": [ID]}}),
        ({"albumIds": [ID], "isNotInAlbum": True}, {"albumIds": {"all": [ID]}}),
        ({"isNotInAlbum": True}, {"hasAlbums": {"eq": False}}),
        ({"tagIds": None}, {"hasTags": {"eq": False}}),
        ({"tagIds": [], "personIds": [], "ocr": "", "isNotInAlbum": False}, {}),
        ({"ocr": "exit"}, {"ocr": {"matches": "exit"}}),
        ({"rating": 3, "libraryId": None}, {"libraryId": {"eq": None}, "rating": {"eq": 3.0}}),
        ({"type": "VIDEO", "visibility": "archive"}, {"type": {"eq": "VIDEO"}, "visibility": {"eq": "archive"}}),
        (
            {"takenAfter": "2024-05-01T00:00:00Z", "takenBefore": "2024-06-01T02:00:00+02:00"},
            {"takenAt": {"gte": "2024-05-01T00:00:00.000Z", "lte": "2024-06-01T00:00:00.000Z"}},
        ),
    ],
)
def test_flat_fields_ask_what_filters_ask(flat: dict[str, Any], whole: dict[str, Any]) -> None:
    assert asked(flat) == whole
    assert asked({"filter": whole}) == whole


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"filter": {}, "city": "Rome"}, "do not go with city"),
        ({"filter": {"city": {}}}, "at least one of eq, in, ne, notIn"),
        ({"filter": {"city": {"equals": "Rome"}}}, "at least one of eq, in, ne, notIn"),
        ({"filter": {"cities": {"eq": "Rome"}}}, "Extra inputs"),
        ({"filter": {"or": []}}, "at least 1 item"),
        ({"filter": {"or": [{"or": [{}]}]}}, "Extra inputs"),
        ({"filter": {"city": {"in": []}}}, "at least 1 item"),
        ({"filter": {"originalFileName": {"like": ""}}}, "at least 1 character"),
        ({"filter": {"id": {"eq": None}}}, "id"),
        ({"rating": 0}, "greater than or equal to 1"),
    ],
)
def test_what_is_refused(body: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read(body)


def test_what_is_given_goes_by_its_name_on_the_wire() -> None:
    asked = SearchFilter.model_validate({"lensModel": {"notIn": ["x"]}, "or": [{"type": {"in": ["IMAGE"]}}]})
    assert list(asked.given()) == ["lensModel"]
    assert [list(branch.given()) for branch in asked.branches] == [["type"]]
