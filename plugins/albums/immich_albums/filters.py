"""Conditions by albums for timeline, downloads and searches."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from immich_albums.rights import allowed_albums, refusal
from immich_albums.store import LIVING
from immich_host.plugin_api import Caller, Host, Permission

type Condition = tuple[str, Sequence[Any]]
"""SQL over the alias `asset`, and its `?` arguments."""

_ANY: Final = "asset.id IN (SELECT asset_id FROM album_asset WHERE album_id = ANY(?::uuid[]))"
_NONE: Final = (
    "NOT EXISTS (SELECT FROM album_asset WHERE album_asset.asset_id = asset.id AND album_id = ANY(?::uuid[]))"
)
_ALL: Final = """asset.id IN (
  SELECT asset_id FROM album_asset WHERE album_id = ANY(?::uuid[]) GROUP BY asset_id HAVING count(*) = ?)"""
_SOME: Final = f"""EXISTS (
  SELECT FROM album_asset JOIN album_user ON album_user.album_id = album_asset.album_id
  WHERE album_asset.asset_id = asset.id AND album_user.user_id = ? AND {LIVING.format(album="album_asset.album_id")})"""


async def conditions(host: Host, caller: Caller, params: Mapping[str, Any]) -> dict[str, Condition]:
    """Conditions for `albumId`, `albumIds` and `hasAlbums`, whichever are asked for.

    Of locked assets there are none in albums. `hasAlbums` is about albums that the caller sees.

    Raises:
        Refused: 400 - an album that the caller may not read.
    """
    found: dict[str, Condition] = {}
    single = [params["albumId"]] if "albumId" in params else []
    several: Mapping[str, Sequence[Any]] = params.get("albumIds", {})
    named = {UUID(str(each)) for each in (*single, *(each for ids in several.values() for each in ids))}
    if named and await allowed_albums(host, caller, Permission.ALBUM_READ, named) != named:
        raise refusal(Permission.ALBUM_READ)
    if single:
        found["albumId"] = (_ANY, [[UUID(str(each)) for each in single]])
    if "albumIds" in params:
        found["albumIds"] = _by_ids(several)
    if "hasAlbums" in params:
        found["hasAlbums"] = (_SOME if params["hasAlbums"] else f"NOT {_SOME}", [caller.user_id])
    return found


def _by_ids(wanted: Mapping[str, Sequence[Any]]) -> Condition:
    """`any`, `all` and `none` of some albums, together."""
    parts: list[str] = []
    values: list[Any] = []
    for key, sql in (("any", _ANY), ("all", _ALL), ("none", _NONE)):
        if key in wanted:
            ids = sorted({UUID(str(each)) for each in wanted[key]})
            parts.append(sql)
            values += [ids, len(ids)] if key == "all" else [ids]
    return " AND ".join(parts) or "true", values
