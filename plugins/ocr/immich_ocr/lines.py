"""Lines of text in a picture: as a service answers them, and in the order in which people read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text.

    Args:
        text: What it says.
        box: x1, y1 to x4, y4: corners, clockwise from the top left, as parts of the picture from 0 to 1.
        box_score: How likely it is text, from 0 to 1.
        text_score: How sure the model is of the text, from 0 to 1.
    """

    text: str
    box: tuple[float, ...]
    box_score: float
    text_score: float

    @property
    def numbers(self) -> tuple[float, ...]:
        """Box and both scores."""
        return (*self.box, self.box_score, self.text_score)


def lines_of(answer: Any) -> list[Line]:
    """Lines of the task's answer: `text`, `box` with eight numbers for each, `boxScore`, `textScore`.

    Raises:
        ValueError: It is something else: the service is none that reads text.
    """
    try:
        numbers = [_finite(number) for number in answer["box"]]
        boxes = [tuple(eight) for eight in zip(*[iter(numbers)] * 8, strict=True)]
        rows = zip(answer["text"], boxes, answer["boxScore"], answer["textScore"], strict=True)
        lines = [Line(str(text), box, _finite(one), _finite(other)) for text, box, one, other in rows]
    except (KeyError, TypeError, ValueError) as error:
        msg = f"not an answer of the task ocr: {type(error).__name__}: {error}"
        raise ValueError(msg) from error
    # PostgreSQL keeps no zero characters
    cleaned = [Line(line.text.replace("\0", "").strip(), line.box, *line.numbers[8:]) for line in lines]
    return [line for line in cleaned if line.text]


def _finite(number: Any) -> float:
    if not isfinite(number):
        msg = f"{number} is no number"
        raise ValueError(msg)
    return float(number)


def in_reading_order(boxes: Sequence[Sequence[float]]) -> list[int]:
    """Indices of boxes (eight numbers each), from top to bottom, and from left to right where they share a row."""
    spans = [(min(box[1::2]), max(box[1::2]), min(box[0::2])) for box in boxes]
    rows: list[list[int]] = []
    middle = -1.0
    for index in sorted(range(len(boxes)), key=lambda each: spans[each][0] + spans[each][1]):
        top, bottom, _ = spans[index]
        if rows and top < middle < bottom:
            rows[-1].append(index)
        else:
            rows.append([index])
            middle = (top + bottom) / 2
    return [index for row in rows for index in sorted(row, key=lambda each: spans[each][2])]


def line_of_row(row: Mapping[str, Any]) -> Line:
    """From a row of `asset_ocr`."""
    box = tuple(row[f"{axis}{corner}"] for corner in (1, 2, 3, 4) for axis in "xy")
    return Line(row["text"], box, row["box_score"], row["text_score"])
