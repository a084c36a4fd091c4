"""Reading single values out of exiftool's JSON, where every number arrives as its text."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

type Tags = Mapping[str, Any]
"""Tag name without its group -> text, bool, list or struct (numbers are text, see `tags.py`)."""

INT32_MAX = 2**31 - 1
_LEADING_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")


def text(value: object) -> str | None:
    """A tag value as trimmed text that Postgres can store; None when empty or not a scalar."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, int | float):
        value = str(value)
    if not isinstance(value, str):
        return None
    return value.replace("\x00", "").strip() or None


def texts(value: object) -> list[str]:
    """A tag value as a list of texts: a list, or a single scalar, or nothing."""
    items: Iterable[object] = value if isinstance(value, list) else [value]
    return [found for item in items if (found := text(item)) is not None]


def number(value: object) -> float | None:
    """The number at the start of a value ("50 mm" is 50.0); None when there is none or it is not finite."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, bool) or value is None:
        return None
    match = _LEADING_NUMBER.match(str(value))
    if match is None:
        return None
    found = float(match.group(1))
    return found if math.isfinite(found) else None


def whole(value: object) -> int | None:
    """The number at the start of a value, rounded; None outside int32."""
    found = number(value)
    if found is None or abs(found) > INT32_MAX:
        return None
    return round(found)


def first_text(tags: Tags, names: Iterable[str]) -> str | None:
    """The first of the named tags that holds text."""
    return next((found for name in names if (found := text(tags.get(name))) is not None), None)


def flag(value: object) -> bool:
    """Whether a tag such as MotionPhoto or MicroVideo is switched on."""
    found = text(value)
    return found is not None and found.lower() not in {"0", "0.0", "false", "no"}
