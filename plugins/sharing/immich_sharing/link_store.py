"""Every query about shared links."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from immich_host.plugin_api.database import Database, Row

SLUG_TAKEN: Final = "Shared link with this slug already exists"

# what a link shows of `a`: the owner's, and what partners still share with the owner
_SHOWN: Final = """a.deleted_at IS NULL AND (
  a.owner_id = l.user_id AND a.visibility IN ('timeline', 'archive')
  OR a.visibility = 'timeline' AND EXISTS (
    SELECT FROM partner p JOIN "user" u ON u.id = p.shared_by_id AND u.deleted_at IS NULL
    WHERE p.shared_by_id = a.owner_id AND p.shared_with_id = l.user_id))"""

_ASSETS: Final = f"""
FROM shared_link l JOIN shared_link_asset s ON s.shared_link_id = l.id JOIN asset a ON a.id = s.asset_id AND {_SHOWN}
"""

# the moving half of a live photo is hidden, and shown as its still is
_GRANTED: Final = f"""
SELECT a.id {_ASSETS} WHERE l.id = $1 AND a.id = ANY($2::uuid[])
UNION SELECT video.id {_ASSETS} JOIN asset video ON video.id = a.live_photo_video_id AND video.deleted_at IS NULL
WHERE l.id = $1 AND video.id = ANY($2::uuid[]) AND video.visibility <> 'locked'
"""

ASSETS_OF_LINK: Final = f"asset.id IN (SELECT a.id {_ASSETS} WHERE l.id = ?)"
"""SQL over the alias `asset`: those that a link to single assets shows."""

_USABLE: Final = """
SELECT l.*, u.email, u.name FROM shared_link l JOIN "user" u ON u.id = l.user_id AND u.deleted_at IS NULL
WHERE (l.expires_at IS NULL OR l.expires_at > now()) AND
"""

_ADD: Final = """
WITH link AS (SELECT id FROM shared_link WHERE id = $1 AND type = 'INDIVIDUAL' FOR KEY SHARE),
found AS (SELECT id FROM asset WHERE id = ANY($2::uuid[]) AND visibility <> 'locked' ORDER BY id FOR SHARE)
INSERT INTO shared_link_asset (shared_link_id, asset_id) SELECT link.id, found.id FROM link, found
ON CONFLICT DO NOTHING RETURNING asset_id
"""


# Whoever changes what links show holds links, then assets by id, then what lies in links by asset, so that nobody
# deadlocks: an asset that is being locked leaves its links while it is held.
_HOLD_ASSETS: Final = """
SELECT FROM asset WHERE id IN (
  SELECT asset_id FROM shared_link_asset WHERE shared_link_id = $1 AND ($2::uuid[] IS NULL OR asset_id = ANY($2)))
ORDER BY id FOR SHARE
"""
_HOLD: Final = """
SELECT FROM shared_link_asset WHERE shared_link_id = $1 AND ($2::uuid[] IS NULL OR asset_id = ANY($2))
ORDER BY asset_id FOR UPDATE
"""


async def usable(db: Database, *, key: bytes | None, slug: str | None) -> Row | None:
    """The link of a key or a slug with its owner's `email` and `name`; None where it is unknown or has expired."""
    if key is not None:
        return await db.fetchrow(f"{_USABLE} l.key = $1", key)
    return await db.fetchrow(f"{_USABLE} l.slug = $1", slug)


async def of_user(db: Database, user_id: UUID, *, album_id: UUID | None, link_id: UUID | None) -> Sequence[Row]:
    """A user's links, the latest first."""
    return await db.fetch(
        """SELECT * FROM shared_link WHERE user_id = $1 AND ($2::uuid IS NULL OR album_id = $2)
             AND ($3::uuid IS NULL OR id = $3) ORDER BY created_at DESC, id""",
        user_id,
        album_id,
        link_id,
    )


async def one(db: Database, user_id: UUID, link_id: UUID) -> Row | None:
    """A user's link."""
    return await db.fetchrow("SELECT * FROM shared_link WHERE id = $1 AND user_id = $2", link_id, user_id)


class NothingThere(Exception):
    """What a link is to show is gone."""


async def create(db: Database, columns: Mapping[str, Any]) -> Row | None:
    """A new link; None where another has the slug.

    Raises:
        NothingThere: Its album was deleted just now.
    """
    names = ", ".join(columns)
    marks = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    try:
        async with db.transaction():
            return await db.fetchrow(
                f"INSERT INTO shared_link ({names}) VALUES ({marks}) RETURNING *",  # noqa: S608 - names of our own
                *columns.values(),
            )
    except asyncpg.ForeignKeyViolationError as error:
        raise NothingThere from error
    except asyncpg.UniqueViolationError:
        return None


async def update(db: Database, link_id: UUID, columns: Mapping[str, Any]) -> Row | None:
    """Change a link; None where another has the slug, or it is gone."""
    sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(columns, 2))
    try:
        async with db.transaction():
            return await db.fetchrow(
                f"UPDATE shared_link SET {sets} WHERE id = $1 RETURNING *",  # noqa: S608 - names of our own
                link_id,
                *columns.values(),
            )
    except asyncpg.UniqueViolationError:
        return None


async def remove(db: Database, user_id: UUID, link_id: UUID) -> Row | None:
    """Delete a user's link; None where there is none."""
    async with db.transaction():
        row = await db.fetchrow("SELECT * FROM shared_link WHERE id = $1 AND user_id = $2 FOR UPDATE", link_id, user_id)
        if row is not None:
            await db.execute(_HOLD_ASSETS, link_id, None)
            await db.execute(_HOLD, link_id, None)
            await db.execute("DELETE FROM shared_link WHERE id = $1", link_id)
        return row


async def add(db: Database, link_id: UUID, asset_ids: Collection[UUID]) -> set[UUID]:
    """Show assets by a link to single ones; those that were not there. Locked ones are left out.

    Waits for whoever is locking one of them, and lets nobody do so until the transaction ends.
    """
    return {row["asset_id"] for row in await db.fetch(_ADD, link_id, list(asset_ids))}


async def present(db: Database, link_id: UUID, asset_ids: Collection[UUID]) -> set[UUID]:
    """Of these assets those that lie in a link, shown or not."""
    rows = await db.fetch(
        "SELECT asset_id FROM shared_link_asset WHERE shared_link_id = $1 AND asset_id = ANY($2::uuid[])",
        link_id,
        list(asset_ids),
    )
    return {row["asset_id"] for row in rows}


async def take_out(db: Database, link_id: UUID, asset_ids: Collection[UUID]) -> set[UUID]:
    """Take assets out of a link; those that were there."""
    async with db.transaction():
        await db.execute(_HOLD_ASSETS, link_id, list(asset_ids))
        await db.execute(_HOLD, link_id, list(asset_ids))
        rows = await db.fetch(
            """DELETE FROM shared_link_asset WHERE shared_link_id = $1 AND asset_id = ANY($2::uuid[])
               RETURNING asset_id""",
            link_id,
            list(asset_ids),
        )
    return {row["asset_id"] for row in rows}


async def copy(db: Database, source_id: UUID, target_id: UUID) -> None:
    """Show an asset wherever another is shown."""
    async with db.transaction():
        rows = await db.fetch("SELECT shared_link_id FROM shared_link_asset WHERE asset_id = $1 ORDER BY 1", source_id)
        for row in rows:
            await add(db, row["shared_link_id"], [target_id])


async def shown(db: Database, link_ids: Sequence[UUID], most: int | None = None) -> dict[UUID, list[UUID]]:
    """Link -> the assets that it shows, the oldest first, at most so many of each."""
    rows = await db.fetch(
        f"""SELECT wanted.id AS link, shown.id AS asset FROM unnest($1::uuid[]) AS wanted (id) CROSS JOIN LATERAL (
              SELECT a.id, a.file_created_at {_ASSETS} WHERE l.id = wanted.id
              ORDER BY a.file_created_at, a.id LIMIT $2) AS shown
            ORDER BY wanted.id, shown.file_created_at, shown.id""",  # noqa: S608 - composed of constants
        list(link_ids),
        most,
    )
    found: dict[UUID, list[UUID]] = {}
    for row in rows:
        found.setdefault(row["link"], []).append(row["asset"])
    return found


async def granted(db: Database, link_id: UUID, asset_ids: Sequence[UUID]) -> set[UUID]:
    """Of these assets those that a link to single ones shows, and the moving halves of those."""
    return {row["id"] for row in await db.fetch(_GRANTED, link_id, list(asset_ids))}


async def to_albums(db: Database, album_ids: Sequence[UUID]) -> Sequence[Row]:
    """`album_id`, and `user_id`, `email`, `name` of whose link it is, of links to these albums that have not ended."""
    return await db.fetch(
        """SELECT DISTINCT l.album_id, u.id AS user_id, u.email, u.name
           FROM shared_link l JOIN "user" u ON u.id = l.user_id AND u.deleted_at IS NULL
           WHERE l.album_id = ANY($1::uuid[]) AND (l.expires_at IS NULL OR l.expires_at > now())""",
        list(album_ids),
    )
