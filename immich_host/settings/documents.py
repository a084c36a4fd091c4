"""Arithmetic on settings documents: nested dictionaries with camelCase keys. Lists count as one value."""

from collections.abc import Mapping
from typing import Any

type Document = dict[str, Any]


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> Document:
    """`below` with everything that `above` says."""
    merged = {key: merge(value, {}) if isinstance(value, Mapping) else value for key, value in below.items()}
    for key, value in above.items():
        if isinstance(value, Mapping):
            inner = merged.get(key)
            merged[key] = merge(inner if isinstance(inner, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged


def difference(document: Mapping[str, Any], base: Mapping[str, Any]) -> Document:
    """What `document` says differently from `base`, so that `merge(base, difference)` is `document`."""
    changed: Document = {}
    for key, value in document.items():
        if key in base and isinstance(value, Mapping) and isinstance(base[key], Mapping):
            inner = difference(value, base[key])
            if inner:
                changed[key] = inner
        elif key not in base or value != base[key]:
            changed[key] = value
    return changed


def part(document: Mapping[str, Any], key: str) -> Any:
    """The value under a dotted key, or an empty part."""
    found: Any = document
    for name in key.split("."):
        found = found.get(name, {}) if isinstance(found, Mapping) else {}
    return found


def nested(key: str, value: Any) -> Document:
    """A document that holds `value` under a dotted key and nothing else."""
    for name in reversed(key.split(".")):
        value = {name: value}
    return value


def replaced(document: Mapping[str, Any], key: str, value: Any) -> Document:
    """`document` with the part under a dotted key exchanged."""
    first, _, rest = key.partition(".")
    inner = document.get(first)
    if rest:
        value = replaced(inner if isinstance(inner, Mapping) else {}, rest, value)
    return {**document, first: value}
