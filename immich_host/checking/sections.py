"""Settings sections as documents show them: every value with its key, default and meaning."""

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import orjson
from pydantic import BaseModel


def leaves(model: type[BaseModel], start: str) -> Iterator[tuple[str, str, str]]:
    """(dotted key, default as JSON, meaning) of every value."""
    meanings, given = attribute_docs(model), model()
    for name, field in model.model_fields.items():
        key, value = f"{start}.{field.serialization_alias or field.alias or name}", getattr(given, name)
        meaning = field.description or meanings.get(name, "")
        if isinstance(value, BaseModel):
            for inner, default, said in nested(value, key):
                yield inner, default, said or meaning
        else:
            yield key, as_json(value), meaning


def nested(value: BaseModel, start: str) -> Iterator[tuple[str, str, str]]:
    """As `leaves`, of a value that is given."""
    meanings = attribute_docs(type(value))
    for name, field in type(value).model_fields.items():
        key, inner = f"{start}.{field.serialization_alias or field.alias or name}", getattr(value, name)
        if isinstance(inner, BaseModel):
            yield from nested(inner, key)
        else:
            yield key, as_json(inner), field.description or meanings.get(name, "")


def as_json(value: Any) -> str:
    """A default as it stands in the document."""
    return orjson.dumps(value, default=str).decode()


def attribute_docs(model: type[BaseModel]) -> dict[str, str]:
    """Attribute -> the string below it in the source, inherited ones too."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if not (issubclass(one, BaseModel) and one.__module__.startswith("immich_")):
            continue
        (tree,) = ast.parse(inspect.cleandoc("\n" + inspect.getsource(one))).body
        body = tree.body if isinstance(tree, ast.ClassDef) else []
        for line, below in pairwise(body):
            is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and is_text:
                found[line.target.id] = " ".join(str(below.value.value).split())  # type: ignore[attr-defined]
    return found
