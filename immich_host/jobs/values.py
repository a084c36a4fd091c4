"""Arguments of jobs and facts as JSON and back: ids travel as text and arrive as UUID."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson


def to_json(arguments: Mapping[str, Any]) -> str:
    """Arguments as JSON text; UUID, datetime, dataclasses, paths, sets and tuples are fine.

    Raises:
        TypeError: A value has no JSON form.
    """
    return orjson.dumps(dict(arguments), default=_plain).decode()


def from_json(text: str) -> dict[str, Any]:
    """Arguments from JSON text; `*_id` becomes UUID and `*_ids` a list of them where they are such."""
    arguments: dict[str, Any] = orjson.loads(text)
    for name, value in arguments.items():
        if name.endswith("_id"):
            arguments[name] = _uuid(value)
        elif name.endswith("_ids") and isinstance(value, list):
            arguments[name] = [_uuid(each) for each in value]
    return arguments


def _plain(value: Any) -> Any:
    if isinstance(value, (Path, UUID)):  # a UUID out of asyncpg is a subclass, which orjson does not take
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError


def _uuid(value: Any) -> Any:
    try:
        return UUID(value) if isinstance(value, str) and len(value) == 36 else value
    except ValueError:
        return value
