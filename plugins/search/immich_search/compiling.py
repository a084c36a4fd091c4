"""From a filter to SQL over the aliases `asset` and `exif`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Refused
from immich_host.plugin_api.conditions import Conditions
from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.files import AssetFileType
from immich_search.filters import SearchFilterBranch
from immich_search.operators import Column, add_operators, checksum_of

OF_PLUGINS = ("albumIds", "personIds", "tagIds", "hasAlbums", "hasPeople", "hasTags", "ocr")
"""Fields for which another plugin has the condition."""

_EXIF: Mapping[str, Column] = {
    "city": Column("exif.city"),
    "country": Column("exif.country"),
    "state": Column("exif.state"),
    "make": Column("exif.make"),
    "model": Column("exif.model"),
    "lensModel": Column("exif.lens_model"),
    "rating": Column("exif.rating", "float8"),
    "fileSizeInBytes": Column("exif.file_size_in_byte", "float8"),
    "description": Column("coalesce(exif.description, '')", parts="exif.description", unknown=""),
}

_ASSET: Mapping[str, Column] = {
    "id": Column("asset.id", "uuid"),
    "libraryId": Column("asset.library_id", "uuid"),
    "checksum": Column("asset.checksum", "bytea", value=checksum_of),
    "originalFileName": Column("asset.original_file_name"),
    "type": Column("asset.type", value=lambda value: value.value),
    "createdAt": Column("asset.created_at", "timestamptz"),
    "updatedAt": Column("asset.updated_at", "timestamptz"),
    "takenAt": Column("asset.file_created_at", "timestamptz"),
    "trashedAt": Column("asset.deleted_at", "timestamptz"),
}


_WHOLE_VALUES = frozenset({"eq", "ne", "in_", "not_in"})

type Given = Mapping[str, tuple[str, Sequence[Any]]]
"""Field -> SQL with a `?` for each of its values, by the hook `asset_filter`."""


class Compiler:
    """Adds what is asked of assets; values go into arguments, never into the text."""

    def __init__(self, media_root: Path, user_id: UUID) -> None:
        """Prepare for one caller; rows have paths below the media root."""
        self._root = f"{media_root}/"
        self._user_id = user_id
        self._special: Mapping[str, Callable[[Conditions, Any], None]] = {
            "isFavorite": self._favourite,
            "isMotion": lambda found, asked: found.add("(asset.live_photo_video_id IS NOT NULL) = ?", asked.eq),
            "isOffline": lambda found, asked: found.add("asset.is_offline = ?", asked.eq),
            "isEncoded": self._encoded,
            "encodedVideoPath": self._encoded_path,
            "originalPath": self._original_path,
            "visibility": _visibility,
        }

    def add(self, found: Conditions, branch: SearchFilterBranch, given: Given) -> None:
        """Everything that a branch asks, but for `or`.

        Args:
            found: Where it is added.
            branch: What is asked.
            given: What plugins answered for those of `OF_PLUGINS` in it.

        Raises:
            Refused: 400 for a field that nobody answers for, or a value that cannot be.
        """
        for name, asked in branch.given().items():
            if name in OF_PLUGINS:
                add_given(found, name, given)
            elif name in self._special:
                self._special[name](found, asked)
            elif name in _EXIF:
                found.needs_exif = True
                add_operators(found, _EXIF[name], asked)
            else:
                add_operators(found, _ASSET[name], asked)

    def _favourite(self, found: Conditions, asked: Any) -> None:
        # what others like is theirs to know: to everybody else nothing of theirs is a favourite
        if asked.eq:
            found.add("asset.is_favorite")
            found.add("asset.owner_id = ?", self._user_id)
        else:
            found.add("NOT (asset.is_favorite AND asset.owner_id = ?)", self._user_id)

    def _encoded(self, found: Conditions, asked: Any) -> None:
        self._file(found, "encoded_video", is_there=asked.eq)

    def _encoded_path(self, found: Conditions, asked: Any) -> None:
        for name, values in _each(asked):
            self._file(found, "encoded_video", values, is_there=name in ("eq", "in_"))

    def add_file(self, found: Conditions, file_type: AssetFileType, path: str) -> None:
        """That its derived file of a type lies at a path."""
        self._file(found, file_type, [path], is_there=True)

    def _file(
        self, found: Conditions, file_type: AssetFileType, paths: list[str] | None = None, *, is_there: bool
    ) -> None:
        at = "" if paths is None else " AND file.path = ANY(?::text[])"
        values = () if paths is None else ([self._stored(path) for path in paths],)
        sql = (
            f"EXISTS (SELECT FROM asset_file AS file WHERE file.asset_id = asset.id AND file.type = '{file_type}'{at})"
        )
        found.add(sql if is_there else f"NOT {sql}", *values)

    def _original_path(self, found: Conditions, asked: Dto) -> None:
        column = Column("asset.original_path", value=self._stored)
        if not asked.model_fields_set <= _WHOLE_VALUES:
            root = found.argument(self._root)
            shown = f"CASE WHEN asset.original_path LIKE '/%' THEN '' ELSE {root}::text END || asset.original_path"
            column = replace(column, parts=shown)
        add_operators(found, column, asked)

    def _stored(self, path: str) -> str:
        """What a row has for a path that a client is shown."""
        return path.removeprefix(self._root)


def add_given(found: Conditions, name: str, given: Given) -> None:
    """The condition of the plugin that knows about a field.

    Raises:
        Refused: 400 where none does.
    """
    if name not in given:
        raise Refused(400, f"Nothing here knows about {name}: the plugin that does is off or not installed")
    sql, values = given[name]
    found.add(f"({sql})", *values)


def _each(asked: Dto) -> list[tuple[str, list[Any]]]:
    """The operators that are given, each with its values."""
    given = ((name, getattr(asked, name)) for name in type(asked).model_fields if name in asked.model_fields_set)
    return [(name, value if isinstance(value, list) else [value]) for name, value in given]


def _visibility(found: Conditions, asked: Dto) -> None:
    # as text of the statement, not as arguments: only then do partial indexes fit
    for name, values in _each(asked):
        sign = "IN" if name in ("eq", "in_") else "NOT IN"
        found.add(f"asset.visibility {sign} ({', '.join(f"'{one.value}'" for one in values)})")
