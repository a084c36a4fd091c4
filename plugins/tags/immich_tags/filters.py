"""Conditions by tags for timeline and search: a tag stands for all below it; tags of others match nothing."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Caller, Host
from immich_tags import store

type Condition = tuple[str, Sequence[Any]]
"""SQL over the alias `asset`, and its `?` arguments."""

_TAGGED = """
SELECT given.asset_id FROM tag_asset AS given JOIN tag_closure AS below ON below.id_descendant = given.tag_id
JOIN tag ON tag.id = below.id_ancestor WHERE tag.user_id = ? AND tag.id = ANY(?::uuid[])
"""
_ANY = f"asset.id IN ({_TAGGED})"
_ALL = f"asset.id IN ({_TAGGED} GROUP BY given.asset_id HAVING count(DISTINCT tag.id) = ?)"
_SOME = """EXISTS (
SELECT FROM tag_asset AS given JOIN tag ON tag.id = given.tag_id WHERE given.asset_id = asset.id AND tag.user_id = ?)"""


async def conditions(host: Host, caller: Caller, params: Mapping[str, Any]) -> dict[str, Condition]:
    """Conditions for `tagId`, `tagIds` and `hasTags`, whichever are asked for.

    A `tagId` that is not one of the caller's tags has none, so that the request is refused; and callers by shared link
    have no tags.
    """
    found: dict[str, Condition] = {}
    if caller.shared_link is not None:
        return found
    if "tagId" in params:
        tag_id = UUID(str(params["tagId"]))
        if await store.find(host.db, caller.user_id, tag_id) is not None:
            found["tagId"] = (_ANY, [caller.user_id, [tag_id]])
    if "tagIds" in params:
        found["tagIds"] = _by_ids(caller.user_id, params["tagIds"])
    if "hasTags" in params:
        found["hasTags"] = (_SOME if params["hasTags"] else f"NOT {_SOME}", [caller.user_id])
    return found


def _by_ids(owner_id: UUID, wanted: Mapping[str, Sequence[UUID]]) -> Condition:
    """`any`, `all` and `none` of some tags, together."""
    parts: list[str] = []
    values: list[Any] = []
    for key, sql in (("any", _ANY), ("all", _ALL), ("none", f"NOT {_ANY}")):
        if key not in wanted:
            continue
        ids = sorted({UUID(str(each)) for each in wanted[key]})
        if key == "all" and not ids:
            continue
        parts.append(sql)
        values += [owner_id, ids] + ([len(ids)] if key == "all" else [])
    return " AND ".join(parts) or "true", values
