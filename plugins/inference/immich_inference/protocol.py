"""Immich's machine-learning protocol: from `entries` to what is asked for, and from predictions to JSON, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from immich_inference.api import Ask, Prediction

MAX_ENTRIES = 64


class BadEntries(ValueError):
    """`entries` is not what the protocol has; answered by 422."""


class Entry(BaseModel):
    """One type of a task: the model's name and its options."""

    model_config = ConfigDict(protected_namespaces=())

    model_name: str = Field(alias="modelName", min_length=1)
    options: dict[str, Any] = Field(default_factory=dict)


_ENTRIES: TypeAdapter[dict[str, dict[str, Entry]]] = TypeAdapter(dict[str, dict[str, Entry]])


def asks_of(entries: str | bytes) -> list[Ask]:
    """What a request asks for, in its order.

    Raises:
        BadEntries: It is no such JSON, or asks for nothing.
    """
    try:
        read = _ENTRIES.validate_json(entries)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        msg = f"entries: {'.'.join(map(str, first['loc']))} {first['msg']}".replace("  ", " ")
        raise BadEntries(msg) from error
    asks = [
        Ask(task, kind, each.model_name, each.options) for task, kinds in read.items() for kind, each in kinds.items()
    ]
    if not 0 < len(asks) <= MAX_ENTRIES:
        msg = f"entries: 1 to {MAX_ENTRIES} types of tasks, not {len(asks)}"
        raise BadEntries(msg)
    return asks


def entries_of(asks: Sequence[Ask]) -> str:
    """The JSON text that asks for it."""
    entries: dict[str, dict[str, Any]] = {}
    for ask in asks:
        entry: dict[str, Any] = {"modelName": ask.model}
        if ask.options:
            entry["options"] = dict(ask.options)
        entries.setdefault(ask.task, {})[ask.type] = entry
    return orjson.dumps(entries).decode()


def answer_of(prediction: Prediction) -> bytes:
    """The JSON text of an answer."""
    answer: dict[str, Any] = dict(prediction.values)
    if prediction.width is not None:
        answer |= {"imageHeight": prediction.height, "imageWidth": prediction.width}
    return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)


def prediction_of(answer: bytes, asks: Sequence[Ask]) -> Prediction:
    """From an answer to the prediction.

    Raises:
        ValueError: It is no JSON object with all that was asked for.
    """
    read: Mapping[str, Any] = orjson.loads(answer)
    if not isinstance(read, dict):
        msg = "the answer is no JSON object"
        raise TypeError(msg)
    tasks = dict.fromkeys(ask.task for ask in asks)
    if absent := [task for task in tasks if task not in read]:
        msg = f"the answer lacks {', '.join(absent)}"
        raise ValueError(msg)
    return Prediction({task: read[task] for task in tasks}, read.get("imageWidth"), read.get("imageHeight"))
