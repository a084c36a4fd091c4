"""Flat fields, put as the filter that asks the same."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import MISSING
from pydantic.alias_generators import to_camel

from immich_host.plugin_api.files import AssetFileType
from immich_search.bodies import SearchBody
from immich_search.filters import SearchFilter

_EQUAL = ("checksum", "encoded_video_path", "id", "is_encoded", "is_favorite", "is_motion", "is_offline", "library_id",
          "rating", "type", "visibility")  # fmt: skip
_NAMED = ("city", "country", "state", "make", "model", "lens_model")
"""Nothing has an empty one: it stands for what is not known."""
_PARTS = {"description": "like", "original_file_name": "like", "original_path": "like", "ocr": "matches"}
_MOMENTS = ("created", "taken", "trashed", "updated")
_FILES: Mapping[AssetFileType, str] = {"preview": "preview_path", "thumbnail": "thumbnail_path"}
_IDS = ("album_ids", "person_ids", "tag_ids")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a body asks for."""

    filter: SearchFilter
    with_deleted: bool = False
    """Assets in the trash too, where the filter says nothing about it."""
    files: Mapping[AssetFileType, str] = field(default_factory=dict[AssetFileType, str])
    """Paths of derived files, by type; there is no filter for them."""


def asked_by(body: SearchBody) -> Asked:
    """What a body asks for, in whichever way.

    Fields are those of any search: `checksum`, `description` and others count where the body has them.
    """
    if body.filter is not MISSING:
        return Asked(body.filter)

    def value(name: str) -> Any:
        return getattr(body, name, MISSING)

    fields = {**_plain(value), **_moments(value), **_of_plugins(value)}
    # in whichever way it came the value was checked by the body, so that nothing of this can be refused
    asked = SearchFilter.model_validate({to_camel(name): one for name, one in fields.items()}, by_alias=True)
    files: dict[AssetFileType, str] = {kind: value(name) for kind, name in _FILES.items() if value(name) is not MISSING}
    return Asked(asked, value("with_deleted") is True, files)


def _plain(value: Callable[[str], Any]) -> dict[str, Any]:
    fields = {name: {"eq": value(name)} for name in _given(value, _EQUAL)}
    fields |= {name: {"eq": value(name) or None} for name in _given(value, _NAMED)}
    fields |= {name: {operator: value(name)} for name, operator in _PARTS.items() if value(name) not in (MISSING, "")}
    if value("min_file_size") is not MISSING:
        fields["file_size_in_bytes"] = {"gte": value("min_file_size")}
    return fields


def _moments(value: Callable[[str], Any]) -> dict[str, Any]:
    fields: dict[str, dict[str, Any]] = {}
    for name in _MOMENTS:
        for end, operator in (("after", "gte"), ("before", "lte")):
            if value(f"{name}_{end}") is not MISSING:
                fields.setdefault(f"{name}_at", {})[operator] = value(f"{name}_{end}")
    return fields


def _of_plugins(value: Callable[[str], Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {name: {"all": value(name)} for name in _given(value, _IDS) if value(name)}
    if value("tag_ids") is None:
        fields["has_tags"] = {"eq": False}
    if value("is_not_in_album") is True and "album_ids" not in fields:
        fields["has_albums"] = {"eq": False}
    return fields


def _given(value: Callable[[str], Any], names: Iterable[str]) -> list[str]:
    return [name for name in names if value(name) is not MISSING]
