"""Conditions by people for timeline and search; people of others match nothing."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from immich_faces import people_store
from immich_host.plugin_api import Caller, Host

type Condition = tuple[str, Sequence[Any]]
"""SQL over the alias `asset`, and its `?` arguments."""

_FACE = """
FROM asset_face AS face JOIN person ON person.id = face.person_id
WHERE face.asset_id = asset.id AND face.deleted_at IS NULL AND face.is_visible AND person.owner_id = ?
"""
_ANY = f"EXISTS (SELECT {_FACE} AND face.person_id = ANY(?::uuid[]))"
_ALL = f"(SELECT count(DISTINCT face.person_id) {_FACE} AND face.person_id = ANY(?::uuid[])) = ?"
_SOMEBODY = f"EXISTS (SELECT {_FACE})"
_HIDDEN = f"EXISTS (SELECT {_FACE} AND person.is_hidden)"


async def conditions(host: Host, caller: Caller, params: Mapping[str, Any]) -> dict[str, Condition]:
    """Conditions for `personId`, `personIds`, `hasPeople` and `hasHiddenPeople`, whichever are asked for.

    A `personId` that is not one of the caller's people has none, so that the request is refused; and callers by
    shared link have no people.
    """
    found: dict[str, Condition] = {}
    if caller.shared_link is not None:
        return found
    if "personId" in params:
        person_id = UUID(str(params["personId"]))
        if await people_store.find(host.db, caller.user_id, person_id) is not None:
            found["personId"] = (_ANY, [caller.user_id, [person_id]])
    if "personIds" in params:
        found["personIds"] = _by_ids(caller.user_id, params["personIds"])
    for name, sql in (("hasPeople", _SOMEBODY), ("hasHiddenPeople", _HIDDEN)):
        if name in params:
            found[name] = (sql if params[name] else f"NOT {sql}", [caller.user_id])
    return found


def _by_ids(owner_id: UUID, wanted: Mapping[str, Sequence[UUID]]) -> Condition:
    """`any`, `all` and `none` of some people, together."""
    parts: list[str] = []
    values: list[Any] = []
    for key, sql in (("any", _ANY), ("all", _ALL), ("none", f"NOT {_ANY}")):
        if key not in wanted:
            continue
        ids = sorted({UUID(str(each)) for each in wanted[key]})
        parts.append(sql)
        values += [owner_id, ids] + ([len(ids)] if key == "all" else [])
    return " AND ".join(parts) or "true", values
