"""Queries of the night's jobs: making memories by set, and clearing up."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from immich_host.plugin_api.database import Database
from immich_memories.days import Pair

MOST = 20
"""Assets in a memory that is made."""

KEPT_DAYS = 30
"""How long a memory stays that nobody has saved."""

_PAGE = 1000

# Whoever is first with a row of `memories_made` makes the memory; another who is at it waits, and makes none.
# The assets are held last, so that one that is erased or locked just now is left out.
_MAKE = f"""
WITH wanted AS (SELECT * FROM unnest($2::date[], $3::date[]) AS wanted (shown, taken)),
candidate AS MATERIALIZED (
  SELECT wanted.shown, wanted.taken, asset.id, row_number() OVER (
    PARTITION BY wanted.shown, wanted.taken ORDER BY asset.is_favorite DESC, asset.file_created_at, asset.id) AS place
  FROM asset JOIN wanted ON wanted.taken = (asset.local_date_time AT TIME ZONE 'UTC')::date
  WHERE asset.owner_id = $1 AND asset.visibility = 'timeline' AND asset.deleted_at IS NULL
    AND asset.local_month = ANY($4::date[])
    AND EXISTS (SELECT FROM asset_file AS file WHERE file.asset_id = asset.id AND file.type = 'preview')
),
claimed AS (
  INSERT INTO memories_made (owner_id, shown, taken)
  SELECT $1, shown, taken FROM candidate WHERE place = 1 ORDER BY shown, taken
  ON CONFLICT DO NOTHING RETURNING shown, taken
),
made AS (
  INSERT INTO memory (owner_id, type, data, memory_at, show_at, hide_at)
  SELECT $1, 'on_this_day', jsonb_build_object('year', extract(year FROM taken)::int),
    taken::timestamp AT TIME ZONE 'UTC', shown::timestamp AT TIME ZONE 'UTC',
    (shown + 1)::timestamp AT TIME ZONE 'UTC' - interval '1 millisecond'
  FROM claimed RETURNING id, memory_at, show_at
),
chosen AS (
  SELECT made.id AS memory_id, candidate.id AS asset_id FROM made JOIN candidate
    ON candidate.taken::timestamp AT TIME ZONE 'UTC' = made.memory_at
    AND candidate.shown::timestamp AT TIME ZONE 'UTC' = made.show_at
  WHERE candidate.place <= {MOST}
),
held AS (
  SELECT id FROM asset WHERE id IN (SELECT asset_id FROM chosen) AND visibility = 'timeline' ORDER BY id FOR SHARE
),
filled AS (
  INSERT INTO memory_asset (memories_id, asset_id)
  SELECT memory_id, asset_id FROM chosen JOIN held ON held.id = chosen.asset_id
)
SELECT count(*) FROM made
"""  # noqa: S608 - composed of constants


async def owners(db: Database) -> AsyncIterator[UUID]:
    """All users but those who are to be erased."""
    async for row in db.stream('SELECT id FROM "user" WHERE deleted_at IS NULL ORDER BY id'):
        yield row["id"]


async def make(db: Database, owner_id: UUID, pairs: Sequence[Pair]) -> int:
    """Make the memories that are not there yet, by one statement; answers how many."""
    months = sorted({taken.replace(day=1) for _, taken in pairs})
    return await db.fetchval(_MAKE, owner_id, [shown for shown, _ in pairs], [taken for _, taken in pairs], months)


async def leave(db: Database, asset_id: UUID | None = None) -> int:
    """Take assets that are not in the timeline out of memories, all where None; answers how many rows went."""
    gone = 0
    while True:
        rows = await db.fetch(
            f"""DELETE FROM memory_asset WHERE (memories_id, asset_id) IN (
                  SELECT link.memories_id, link.asset_id
                  FROM memory_asset AS link JOIN asset ON asset.id = link.asset_id
                  WHERE asset.visibility <> 'timeline' AND ($1::uuid IS NULL OR link.asset_id = $1)
                  ORDER BY link.memories_id, link.asset_id LIMIT {_PAGE} FOR UPDATE OF link)
                RETURNING true""",  # noqa: S608 - composed of constants
            asset_id,
        )
        gone += len(rows)
        if len(rows) < _PAGE:
            return gone


async def forget(db: Database) -> int:
    """Delete old memories that nobody has saved, and what is known of old days; answers how many memories went."""
    gone = 0
    while True:
        rows = await db.fetch(
            f"""DELETE FROM memory WHERE id IN (
                  SELECT id FROM memory WHERE NOT is_saved AND created_at < now() - interval '{KEPT_DAYS} days'
                  ORDER BY id LIMIT {_PAGE} FOR UPDATE)
                RETURNING true""",  # noqa: S608 - composed of constants
        )
        gone += len(rows)
        if len(rows) < _PAGE:
            break
    await db.execute(f"DELETE FROM memories_made WHERE shown < current_date - {KEPT_DAYS}")  # noqa: S608 - constants
    return gone
