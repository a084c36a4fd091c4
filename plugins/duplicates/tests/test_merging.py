"""What a kept asset takes over."""

from typing import Any
from uuid import UUID

from immich_duplicates.merging import Copy, taken_over

BASE: dict[str, Any] = {
    "id": UUID(int=1), "is_favorite": False, "visibility": "timeline", "rating": None, "description": "",
    "latitude": None, "longitude": None, "tags": [],
}  # fmt: skip


def copy(**values: Any) -> Copy:
    return Copy(**(BASE | values))


def test_nothing_to_take_over_changes_nothing() -> None:
    said = copy(is_favorite=True, rating=4, description="a", latitude=1.0, longitude=2.0, tags=["x"])
    assert taken_over(said, [copy()]) == taken_over(copy(), [copy()]) == {}


def test_everything_that_it_lacks() -> None:
    other = copy(
        is_favorite=True, visibility="archive", rating=3, description="b", latitude=1.5, longitude=-2.0, tags=["x"]
    )
    assert taken_over(copy(), [other]) == {
        "is_favorite": True, "visibility": "archive", "rating": 3, "description": "b", "latitude": 1.5,
        "longitude": -2.0, "tags": ["x"],
    }  # fmt: skip


def test_what_it_has_itself_stays() -> None:
    own = copy(rating=5, description="mine", latitude=1.0, longitude=2.0, tags=["a", "b"])
    other = copy(rating=2, description="theirs", latitude=3.0, longitude=4.0, tags=["b", "c"])
    assert taken_over(own, [other, copy(description="mine")]) == {
        "description": "mine\n\ntheirs", "tags": ["a", "b", "c"]
    }  # fmt: skip


def test_half_a_position_is_none() -> None:
    assert taken_over(copy(), [copy(latitude=1.0), copy(latitude=2.0, longitude=3.0)]) == {
        "latitude": 2.0, "longitude": 3.0
    }  # fmt: skip


def test_the_same_said_again_is_said_once() -> None:
    assert taken_over(copy(description="The sea at noon"), [copy(description="at noon"), copy()]) == {}
    assert taken_over(copy(), [copy(description=" x "), copy(description="x")]) == {"description": "x"}
