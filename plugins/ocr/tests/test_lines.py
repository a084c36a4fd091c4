"""What a service answers, and the order in which lines are read."""

from typing import Any

import pytest

from immich_ocr.lines import Line, in_reading_order, lines_of

BOX = [0.1, 0.1, 0.5, 0.1, 0.5, 0.2, 0.1, 0.2]
GOOD = {"text": ["Gate", " 12 "], "box": [*BOX, *BOX], "boxScore": [0.9, 1], "textScore": [0.8, 0.7]}


def box(left: float, top: float, width: float = 0.2, height: float = 0.04) -> list[float]:
    return [left, top, left + width, top, left + width, top + height, left, top + height]


def test_an_answer_becomes_lines() -> None:
    assert lines_of(GOOD) == [Line("Gate", tuple(BOX), 0.9, 0.8), Line("12", tuple(BOX), 1.0, 0.7)]


def test_text_that_cannot_be_kept_is_left_out() -> None:
    assert [line.text for line in lines_of(GOOD | {"text": ["a\0b", " \0 "]})] == ["ab"]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "text",
        [],
        {},
        GOOD | {"text": ["Gate"]},
        GOOD | {"box": BOX},
        GOOD | {"box": [*BOX, 1.0]},
        GOOD | {"box": None},
        GOOD | {"boxScore": [0.9]},
        GOOD | {"textScore": ["high", "low"]},
        GOOD | {"boxScore": [float("nan"), 1.0]},
    ],
)
def test_what_is_no_answer_is_refused(answer: Any) -> None:
    with pytest.raises(ValueError, match="not an answer of the task ocr"):
        lines_of(answer)


def test_reading_goes_down_and_within_a_row_to_the_right() -> None:
    boxes = [box(0.6, 0.11), box(0.1, 0.5), box(0.1, 0.1), box(0.35, 0.09), box(0.5, 0.52), box(0.1, 0.16)]
    assert in_reading_order(boxes) == [2, 3, 0, 5, 1, 4]
    assert in_reading_order([]) == []


def test_a_tall_box_is_in_one_row_only() -> None:
    boxes = [box(0.5, 0.1, height=0.5), box(0.1, 0.1), box(0.1, 0.3), box(0.1, 0.5)]
    assert sorted(in_reading_order(boxes)) == [0, 1, 2, 3]
