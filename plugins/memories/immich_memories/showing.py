"""Memories as clients see them: which of their assets are shown, and how it is written."""

from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import batched
from uuid import UUID

import orjson

from immich_host.plugin_api import Caller, Host
from immich_host.plugin_api.database import Row
from immich_host.plugin_api.types import wire_time
from immich_memories import store
from immich_memories.store import Condition

_PAGE = 50
_MOMENTS = ("created_at", "updated_at", "deleted_at", "memory_at", "seen_at", "show_at", "hide_at")
_HIDDEN = "hasHiddenPeople"


async def shown_assets(host: Host, caller: Caller) -> list[Condition]:
    """Conditions for the assets of memories: people who are hidden are in none, if a plugin knows of people."""
    given = await host.gather("asset_filter", params={_HIDDEN: False}, user=caller)
    return [given[_HIDDEN]] if _HIDDEN in given else []


async def one(host: Host, caller: Caller, memory_id: UUID) -> bytes | None:
    """A memory of the caller's as JSON; None where there is none."""
    found = await _some(host, caller, [memory_id], await shown_assets(host, caller))
    return found[0] if found else None


async def many(
    host: Host, caller: Caller, memory_ids: Sequence[UUID], shown: Sequence[Condition]
) -> AsyncIterator[list[bytes]]:
    """Memories as JSON, read a page at a time; those without an asset by now are left out."""
    for page in batched(memory_ids, _PAGE, strict=False):
        yield await _some(host, caller, page, shown)


async def _some(host: Host, caller: Caller, memory_ids: Sequence[UUID], shown: Sequence[Condition]) -> list[bytes]:
    if not memory_ids:
        return []
    rows = await store.with_assets(host.db, caller.user_id, memory_ids, shown)
    assets = await host.assets.answers_json(caller, [asset_id for row in rows for asset_id in row["asset_ids"]])
    return [_memory(row, assets) for row in rows]


def _memory(row: Row, assets: Mapping[UUID, str]) -> bytes:
    """What is null is absent, as in `MemoryResponseDto`."""
    moments = {name: wire_time(row[name]) for name in _MOMENTS if row[name] is not None}
    return orjson.dumps(
        {
            "id": str(row["id"]),
            "ownerId": str(row["owner_id"]),
            "type": row["type"],
            "data": orjson.Fragment(row["data"]),
            "isSaved": row["is_saved"],
            **{_camel(name): value for name, value in moments.items()},
            "assets": [orjson.Fragment(assets[each]) for each in row["asset_ids"] if each in assets],
        }
    )


def _camel(name: str) -> str:
    first, _, second = name.partition("_")
    return first + second.capitalize()
