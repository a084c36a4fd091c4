"""Queries of memories for routes; those of jobs are in `making_store`."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from immich_host.plugin_api.conditions import Conditions
from immich_host.plugin_api.database import Database, Row
from immich_host.plugin_api.types import EARLIEST, LATEST
from immich_memories.dto import MemoriesQuery, MemorySearchOrder

type Condition = tuple[str, Sequence[Any]]
"""SQL over the alias `asset`, and its `?` arguments."""

_COLUMNS = (
    *("id", "created_at", "updated_at", "deleted_at", "owner_id", "type", "data", "is_saved"),
    *("memory_at", "seen_at", "show_at", "hide_at"),
)

_SHOWN = """
FROM memory_asset AS link JOIN asset ON asset.id = link.asset_id
WHERE link.memories_id = memory.id AND asset.visibility = 'timeline' AND asset.deleted_at IS NULL
"""

_ORDERS = {
    MemorySearchOrder.ASC: "memory.memory_at, memory.id",
    MemorySearchOrder.DESC: "memory.memory_at DESC, memory.id",
    MemorySearchOrder.RANDOM: "random()",
}


def asked_for(owner_id: UUID, query: MemoriesQuery, shown: Sequence[Condition]) -> Conditions:
    """Conditions over `memory` for what a query asks for; of these only memories with an asset that is shown.

    Args:
        owner_id: Whose.
        query: Which.
        shown: Conditions for the assets.
    """
    found = Conditions()
    found.add("memory.owner_id = ?", owner_id)
    found.add("memory.deleted_at IS NOT NULL" if query.is_trashed else "memory.deleted_at IS NULL")
    if query.id is not None:
        found.add("memory.id = ?", query.id)
    if query.type is not None:
        found.add("memory.type = ?", query.type.value)
    if query.is_saved is not None:
        found.add("memory.is_saved = ?", query.is_saved)
    if query.is_upcoming is not None:
        found.add("coalesce(memory.show_at > now(), false) = ?", query.is_upcoming)
    if query.for_ is not None:
        _add_day(found, query.for_)
    inside = " ".join(f"AND ({sql})" for sql, _ in shown)
    found.add(f"EXISTS (SELECT {_SHOWN} {inside})", *(value for _, values in shown for value in values))
    return found


def _add_day(found: Conditions, day: date) -> None:
    """Shown at some time of that day; the days at the ends of the calendar are none that can be counted with."""
    day = min(max(day, EARLIEST.date()), LATEST.date())
    found.add("(memory.show_at IS NULL OR memory.show_at < (?::date + 1)::timestamp AT TIME ZONE 'UTC')", day)
    found.add("(memory.hide_at IS NULL OR memory.hide_at >= (?::date)::timestamp AT TIME ZONE 'UTC')", day)


async def ids(db: Database, found: Conditions, query: MemoriesQuery) -> list[UUID]:
    """The memories of a list, in its order."""
    order = _ORDERS[query.order or MemorySearchOrder.DESC]
    skipped = ((query.page or 1) - 1) * (query.size or 0)
    limit, offset = found.argument(query.size), found.argument(min(skipped, 2**62))
    sql = f"SELECT memory.id FROM memory WHERE {found.where} ORDER BY {order} LIMIT {limit} OFFSET {offset}"
    return [row["id"] for row in await db.fetch(sql, *found.args)]


async def count(db: Database, found: Conditions) -> int:
    """How many memories there are."""
    return await db.fetchval(f"SELECT count(*) FROM memory WHERE {found.where}", *found.args)


async def with_assets(
    db: Database, owner_id: UUID, memory_ids: Sequence[UUID], shown: Sequence[Condition]
) -> list[Row]:
    """Memories of an owner in the order of their ids, each with `asset_ids`, the oldest first; others are left out."""
    found = Conditions()
    found.add("memory.owner_id = ?", owner_id)
    wanted = found.argument(list(memory_ids))
    assets = Conditions(args=found.args)
    assets.parts.append("true")
    for sql, values in shown:
        assets.add(f"({sql})", *values)
    return await db.fetch(
        f"""SELECT {", ".join(f"memory.{name}" for name in _COLUMNS)},
              ARRAY(SELECT asset.id {_SHOWN} AND {assets.where} ORDER BY asset.file_created_at, asset.id) AS asset_ids
            FROM unnest({wanted}::uuid[]) WITH ORDINALITY AS wanted (id, place) JOIN memory ON memory.id = wanted.id
            WHERE {found.where} ORDER BY place""",
        *found.args,
    )


async def create(db: Database, owner_id: UUID, values: Mapping[str, Any]) -> UUID:
    """Make a memory; `values` are columns, `data` is JSON-able."""
    columns = {"owner_id": owner_id, **values, "data": json.dumps(values["data"])}
    marks = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    sql = f"INSERT INTO memory ({', '.join(columns)}) VALUES ({marks}) RETURNING id"
    return await db.fetchval(sql, *columns.values())


async def update(db: Database, owner_id: UUID, memory_id: UUID, values: Mapping[str, Any]) -> bool:
    """Set columns of an owner's memory; False where there is none."""
    sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, 3)) or "id = id"
    sql = f"UPDATE memory SET {sets} WHERE id = $1 AND owner_id = $2 RETURNING true"
    return bool(await db.fetchval(sql, memory_id, owner_id, *values.values()))


async def delete(db: Database, owner_id: UUID, memory_id: UUID) -> bool:
    """Delete an owner's memory; False where there is none."""
    sql = "DELETE FROM memory WHERE id = $1 AND owner_id = $2 RETURNING true"
    return bool(await db.fetchval(sql, memory_id, owner_id))


async def hold(db: Database, owner_id: UUID, memory_id: UUID) -> bool:
    """Whether it is one of the owner's; nobody else changes it until the transaction ends."""
    sql = "SELECT true FROM memory WHERE id = $1 AND owner_id = $2 FOR UPDATE"
    return bool(await db.fetchval(sql, memory_id, owner_id))


async def add(
    db: Database, owner_id: UUID, memory_id: UUID, asset_ids: Collection[UUID]
) -> tuple[set[UUID], set[UUID]]:
    """Put assets into a memory.

    Only the owner's own, of the timeline: those alone are shown, and a phone has them before it hears of the memory.
    Whoever locks one meanwhile is waited for, or waits and takes it out again.

    Returns:
        Those that were put in, and those that were in it before.
    """
    before = await db.fetch(
        "SELECT asset_id FROM memory_asset WHERE memories_id = $1 AND asset_id = ANY($2::uuid[])",
        memory_id, list(asset_ids),
    )  # fmt: skip
    added = await db.fetch(
        """WITH held AS (
             SELECT id FROM asset WHERE id = ANY($3::uuid[]) AND owner_id = $2 AND visibility = 'timeline'
               AND deleted_at IS NULL ORDER BY id FOR SHARE)
           INSERT INTO memory_asset (memories_id, asset_id) SELECT $1, id FROM held
           ON CONFLICT DO NOTHING RETURNING asset_id""",
        memory_id, owner_id, list(asset_ids),
    )  # fmt: skip
    return {row["asset_id"] for row in added}, {row["asset_id"] for row in before}


async def remove(db: Database, memory_id: UUID, asset_ids: Collection[UUID]) -> set[UUID]:
    """Take assets out of a memory; answers those that were in it."""
    rows = await db.fetch(
        "DELETE FROM memory_asset WHERE memories_id = $1 AND asset_id = ANY($2::uuid[]) RETURNING asset_id",
        memory_id, list(asset_ids),
    )  # fmt: skip
    return {row["asset_id"] for row in rows}
