"""Every statement of this plugin."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from uuid import UUID

from immich_auto_stack.grouping import Photo
from immich_host.plugin_api.database import Database, Row

FREE = """(a.stack_id IS NULL AND m.asset_id IS NULL OR a.stack_id = m.stack_id)"""
"""Not stacked, or stacked by this plugin; not stacked or taken apart by a person."""

_PHOTOS = f"""
SELECT a.id, a.original_file_name, a.file_created_at, e.make, e.model, e.auto_stack_id
FROM asset a JOIN asset_exif e ON e.asset_id = a.id LEFT JOIN auto_stack_member m ON m.asset_id = a.id
WHERE a.type = 'IMAGE' AND a.deleted_at IS NULL AND a.visibility IN ('timeline', 'archive') AND {FREE}
"""


async def one_at_a_time(db: Database, owner_id: UUID) -> None:
    """Wait until no other process stacks this owner's photos; holds until the transaction ends."""
    await db.execute("SELECT pg_advisory_xact_lock(hashtextextended('auto_stack ' || $1::text, 0))", str(owner_id))


async def photo(db: Database, asset_id: UUID) -> Photo | None:
    """A photo that may be stacked; None for all else."""
    rows = await db.fetch(f"{_PHOTOS} AND a.id = $1", asset_id)
    return _photo(rows[0]) if rows else None


async def related(db: Database, owner_id: UUID, of: Photo, reach: timedelta) -> list[Photo]:
    """Photos in the same visibility that were taken around the same time or carry the same burst id."""
    rows = await db.fetch(
        f"""{_PHOTOS} AND a.owner_id = $1 AND a.visibility = (SELECT visibility FROM asset WHERE id = $2)
            AND (a.file_created_at BETWEEN $3 AND $4 OR e.auto_stack_id = $5) LIMIT 1000""",
        owner_id, of.id, of.taken - reach, of.taken + reach, of.burst,
    )  # fmt: skip
    return [_photo(row) for row in rows]


def _photo(row: Row) -> Photo:
    camera = (row["make"] or "", row["model"] or "")
    return Photo(
        row["id"],
        row["original_file_name"],
        row["file_created_at"],
        camera if any(camera) else None,
        row["auto_stack_id"] or None,
    )


async def shown_by_hand(db: Database, asset_ids: Sequence[UUID]) -> UUID | None:
    """The shown asset of a stack that these are in, where a person chose it."""
    return await db.fetchval(
        """SELECT s.primary_asset_id FROM stack s LEFT JOIN auto_stack_member m ON m.asset_id = s.primary_asset_id
           WHERE s.id IN (SELECT stack_id FROM asset WHERE id = ANY($1::uuid[])) AND m.is_shown IS NOT TRUE
           ORDER BY s.created_at LIMIT 1""",
        list(asset_ids),
    )


async def is_stacked(db: Database, asset_ids: Sequence[UUID]) -> bool:
    """Whether all of these are in one stack, of which the first is shown."""
    return await db.fetchval(
        """SELECT count(*) = $2 FROM stack s JOIN asset a ON a.stack_id = s.id
           WHERE s.primary_asset_id = $3 AND a.id = ANY($1::uuid[])""",
        list(asset_ids), len(asset_ids), asset_ids[0],
    )  # fmt: skip


async def remember(db: Database, stack_id: UUID, asset_ids: Sequence[UUID], shown: UUID, rules: Sequence[str]) -> None:
    """Note what was stacked; `shown` is the asset that the plugin chose, which a person may have changed."""
    await db.execute(
        """INSERT INTO auto_stack_member (asset_id, stack_id, is_shown, rules)
           SELECT id, $2, id = $3, $4 FROM unnest($1::uuid[]) AS id
           ON CONFLICT (asset_id) DO UPDATE
           SET stack_id = excluded.stack_id, is_shown = excluded.is_shown, rules = excluded.rules""",
        list(asset_ids), stack_id, shown, list(rules),
    )  # fmt: skip


async def stacks(db: Database, owner_id: UUID) -> list[Row]:
    """An owner's stacks that the plugin made and that still stand, the newest first."""
    return await db.fetch(
        """SELECT s.id, s.primary_asset_id, max(m.stacked_at) AS stacked_at, min(m.rules) AS rules,
             array_agg(a.id ORDER BY a.file_created_at, a.id) AS asset_ids
           FROM stack s JOIN auto_stack_member m ON m.stack_id = s.id
           JOIN asset a ON a.id = m.asset_id AND a.stack_id = s.id
           WHERE s.owner_id = $1 GROUP BY s.id ORDER BY 3 DESC, 1""",
        owner_id,
    )


async def forget_undone(db: Database, owner_id: UUID) -> None:
    """Let the owner's photos whose stacks were taken apart be stacked again."""
    await db.execute(
        """DELETE FROM auto_stack_member m USING asset a
           WHERE a.id = m.asset_id AND a.owner_id = $1 AND a.stack_id IS DISTINCT FROM m.stack_id""",
        owner_id,
    )


async def forget_leftovers(db: Database, owner_id: UUID) -> None:
    """Forget photos that are left of a stack which dissolved because the others were deleted."""
    await db.execute(
        """DELETE FROM auto_stack_member m USING asset a
           WHERE a.id = m.asset_id AND a.owner_id = $1 AND a.stack_id IS NULL
             AND NOT EXISTS
               (SELECT FROM auto_stack_member o WHERE o.stack_id = m.stack_id AND o.asset_id <> m.asset_id)""",
        owner_id,
    )


async def of_owner(db: Database, owner_id: UUID) -> list[UUID]:
    """An owner's photos that stand alone."""
    rows = await db.fetch(f"{_PHOTOS} AND a.owner_id = $1 AND a.stack_id IS NULL", owner_id)
    return [row["id"] for row in rows]


async def alone(db: Database) -> AsyncIterator[UUID]:
    """Photos of all owners that stand alone."""
    async for row in db.stream(f"{_PHOTOS} AND a.stack_id IS NULL"):
        yield row["id"]
