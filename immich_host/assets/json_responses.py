"""Assets as clients see them, as JSON that the database writes: for long lists, which would take models far longer.

It is the same as `immich_host.assets.responses` gives, by one statement; a test compares the two.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from pydantic.alias_generators import to_camel
from pydantic_core import to_json

from immich_host.assets.responses import EXIF_COLUMNS, KINDS, asset_responses
from immich_host.media.types import content_type_of
from immich_host.plugin_api.assets import EXTRAS, Extra
from immich_host.plugin_api.web import Caller, RawJson
from immich_host.wire.kernel import Kernel


def _moment(column: str) -> str:
    return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"


_MOMENTS: Final = ("created_at", "file_created_at", "file_modified_at", "local_date_time", "updated_at")
_PLAIN: Final = (
    "duplicate_id", "duration", "height", "id", "is_edited", "is_offline", "library_id", "live_photo_video_id",
    "original_file_name", "owner_id", "type", "visibility", "width",
)  # fmt: skip
_MADE: Final = {
    "checksum": "encode(a.checksum, 'base64')",
    "has_metadata": "true",
    "is_archived": "a.visibility = 'archive'",
    "is_favorite": "coalesce(a.is_favorite AND a.owner_id = $2::uuid, false)",
    "is_trashed": "a.deleted_at IS NOT NULL",
    "original_path": "CASE WHEN a.original_path LIKE '/%' THEN a.original_path ELSE $3 || a.original_path END",
    "resized": "true",
    "thumbhash": "encode(a.thumbhash, 'base64')",
}
_EXIF_MOMENTS: Final = ("date_time_original", "modify_date")


def _object(columns: Mapping[str, str]) -> str:
    """SQL for the text of an object with these columns, under their names on the wire."""
    inner = ", ".join(f'{sql} AS "{to_camel(name)}"' for name, sql in columns.items())
    return f"(SELECT row_to_json(shown)::text FROM (SELECT {inner}) AS shown)"  # noqa: S608 - composed of constants


_ASSET: Final = _object(
    {name: f"a.{name}" for name in _PLAIN} | {name: _moment(f"a.{name}") for name in _MOMENTS} | _MADE
)
_EXIF: Final = _object({name: _moment(f"e.{name}") if name in _EXIF_MOMENTS else f"e.{name}" for name in EXIF_COLUMNS})

_SELECT: Final = f"""
SELECT a.id, coalesce(a.owner_id = $2::uuid, false) AS is_own, a.original_file_name, {_ASSET} AS asset,
  CASE WHEN $4 AND e.asset_id IS NOT NULL THEN {_EXIF} END AS exif
FROM asset a LEFT JOIN asset_exif e ON e.asset_id = a.id
WHERE a.id = ANY($1::uuid[])
"""  # noqa: S608 - composed of constants

_NOTHING: Final[Mapping[Extra, str]] = {"people": "[]", "stack": "null", "tags": "[]"}
"""What an asset has that no plugin says anything about."""


async def asset_json(
    host: Kernel,
    asset_ids: Sequence[UUID],
    caller: Caller,
    *,
    with_exif: bool = True,
    extras: Collection[Extra] = EXTRAS,
) -> dict[UUID, str]:
    """What `AssetsPort.answers_json` says."""
    if caller.shared_link is not None and not caller.shared_link.show_metadata:
        found = await asset_responses(host, asset_ids, caller)
        return {one.id: to_json(one, by_alias=True).decode() for one in found}
    root = host.paths.shown("")
    # whoever comes by a shared link is no owner, though the link is the owner's
    owner = caller.user_id if caller.shared_link is None else None
    rows = {row["id"]: row for row in await host.db.fetch(_SELECT, list(asset_ids), owner, root, with_exif)}
    present = [asset_id for asset_id in dict.fromkeys(asset_ids) if asset_id in rows]
    given = await host.hosting.gather("asset_extras", asset_ids=present, user=caller) if extras and present else {}
    return {asset_id: _whole(rows[asset_id], extras, given) for asset_id in present}


def _whole(row: Mapping[str, Any], extras: Collection[Extra], given: Mapping[str, Mapping[UUID, Any]]) -> str:
    text = f'{row["asset"][:-1]},"originalMimeType":"{content_type_of(row["original_file_name"])}"'
    if (exif := row["exif"]) is not None:
        text += f',"exifInfo":{exif}'
    for name in extras:
        value = given[name].get(row["id"]) if name in given and (name != "people" or row["is_own"]) else None
        text += f',"{name}":{_extra(name, value) if value else _NOTHING[name]}'
    return text + "}"


def _extra(name: Extra, value: Any) -> str:
    """What a plugin gives, as JSON."""
    if isinstance(value, RawJson):
        return value.text if isinstance(value.text, str) else value.text.decode()
    return KINDS[name].dump_json(KINDS[name].validate_python(value), by_alias=True).decode()
