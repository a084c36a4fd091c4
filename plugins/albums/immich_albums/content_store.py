"""Statements on what is in albums. Rows are held in the order that the migration tells."""

from collections.abc import Collection, Sequence
from uuid import UUID

from immich_albums import store
from immich_host.plugin_api.database import Database, Row


async def hold_assets(db: Database, asset_ids: Collection[UUID]) -> set[UUID]:
    """Those of the assets that may lie in albums: not locked, and nobody locks them until the transaction ends."""
    rows = await db.fetch(
        "SELECT id, visibility FROM asset WHERE id = ANY($1::uuid[]) ORDER BY id FOR SHARE", list(asset_ids)
    )
    return {row["id"] for row in rows if row["visibility"] != "locked"}


async def owned(db: Database, owner_id: UUID, asset_ids: Collection[UUID]) -> set[UUID]:
    """Those of the assets that are a user's."""
    rows = await db.fetch(
        "SELECT id FROM asset WHERE owner_id = $1 AND id = ANY($2::uuid[])", owner_id, list(asset_ids)
    )
    return {row["id"] for row in rows}


async def hold_present(db: Database, album_ids: Collection[UUID], asset_ids: Collection[UUID]) -> None:
    """Those of the assets that are in those of the albums stay there, and nobody else adds any, before more are added.

    Until the transaction ends. The rows stay in the database, as they may be many.
    """
    await store.hold_contents(db, album_ids)
    await db.execute(
        """SELECT count(*) FROM (
             SELECT FROM album_asset WHERE album_id = ANY($1::uuid[]) AND asset_id = ANY($2::uuid[])
             ORDER BY asset_id, album_id FOR KEY SHARE) AS held""",
        list(album_ids),
        list(asset_ids),
    )


async def present(db: Database, album_id: UUID, asset_ids: Collection[UUID]) -> set[UUID]:
    """Those of the assets that are in an album."""
    rows = await db.fetch(
        "SELECT asset_id FROM album_asset WHERE album_id = $1 AND asset_id = ANY($2::uuid[])",
        album_id,
        list(asset_ids),
    )
    return {row["asset_id"] for row in rows}


async def hold_in_album(db: Database, album_id: UUID, asset_id: UUID) -> bool:
    """Whether an asset is in an album; if so it stays there until the transaction ends."""
    sql = "SELECT FROM album_asset WHERE album_id = $1 AND asset_id = $2 FOR KEY SHARE"
    return await db.fetchrow(sql, album_id, asset_id) is not None


async def add(db: Database, album_ids: Collection[UUID], asset_ids: Sequence[UUID]) -> list[Row]:
    """Put all assets into all albums, which are held; answers `album_id` and `asset_id` of what was not there.

    Albums without a cover get the first of them that is seen.
    """
    rows = await db.fetch(
        """INSERT INTO album_asset (album_id, asset_id)
           SELECT album_id, asset_id
           FROM unnest($1::uuid[]) AS album_id, unnest($2::uuid[]) WITH ORDINALITY AS told (asset_id, place)
           ORDER BY album_id, place
           ON CONFLICT DO NOTHING RETURNING album_id, asset_id""",
        list(album_ids),
        list(asset_ids),
    )
    # after the insert: whoever reads the rows by `update_id` has the cover before the album that shows it
    await db.execute(
        """UPDATE album SET album_thumbnail_asset_id = coalesce(album_thumbnail_asset_id, (
             SELECT asset.id FROM unnest($2::uuid[]) WITH ORDINALITY AS told (asset_id, place)
             JOIN asset ON asset.id = told.asset_id
             JOIN album_asset ON album_asset.album_id = album.id AND album_asset.asset_id = asset.id
             WHERE asset.deleted_at IS NULL AND asset.visibility IN ('timeline', 'archive')
             ORDER BY told.place LIMIT 1))
           WHERE id = ANY($1::uuid[])""",
        sorted({row["album_id"] for row in rows}),
        list(asset_ids),
    )
    return rows


async def remove(db: Database, album_id: UUID, asset_ids: Collection[UUID]) -> set[UUID]:
    """Take assets out of an album; answers those that were in it. A cover that goes is replaced."""
    rows = await db.fetch(
        """DELETE FROM album_asset WHERE album_id = $1 AND asset_id = ANY(ARRAY(
             SELECT asset_id FROM album_asset WHERE album_id = $1 AND asset_id = ANY($2::uuid[])
             ORDER BY asset_id FOR UPDATE))
           RETURNING asset_id""",
        album_id,
        list(asset_ids),
    )
    return {row["asset_id"] for row in rows}


async def albums_of(db: Database, asset_ids: Collection[UUID]) -> list[UUID]:
    """The albums that any of the assets is in."""
    rows = await db.fetch("SELECT DISTINCT album_id FROM album_asset WHERE asset_id = ANY($1::uuid[])", list(asset_ids))
    return [row["album_id"] for row in rows]


async def just_left(db: Database, asset_id: UUID) -> list[UUID]:
    """The albums that an asset was the last to leave, within the last hour.

    Of thousands that are locked at once each album has one last: so many facts are one piece of news.
    """
    rows = await db.fetch(
        """SELECT DISTINCT album_id FROM album_asset_audit AS gone
           WHERE asset_id = $1 AND deleted_at > now() - interval '1 hour' AND NOT EXISTS (
             SELECT FROM album_asset_audit AS later WHERE later.album_id = gone.album_id AND later.id > gone.id)""",
        asset_id,
    )
    return [row["album_id"] for row in rows]


async def mend_covers(db: Database, asset_ids: Collection[UUID]) -> None:
    """Where one of the assets is in an album: a cover that is not seen any more, or none, is replaced."""
    async with db.transaction():
        held = await store.hold(db, await albums_of(db, asset_ids))
        # a statement of its own: it sees what whoever held them before has done
        await db.execute(
            """UPDATE album SET album_thumbnail_asset_id = album_cover(id)
               WHERE id = ANY($1::uuid[]) AND NOT EXISTS (
                   SELECT FROM asset WHERE asset.id = album_thumbnail_asset_id
                     AND asset.deleted_at IS NULL AND asset.visibility IN ('timeline', 'archive'))
                 AND (album_thumbnail_asset_id IS NOT NULL OR EXISTS (
                   SELECT FROM album_asset JOIN asset ON asset.id = album_asset.asset_id
                   WHERE album_asset.album_id = album.id AND asset.deleted_at IS NULL
                     AND asset.visibility IN ('timeline', 'archive')))""",
            list(held),
        )


# --- what it grants -----------------------------------------------------------------------------

_GRANTED = """
SELECT asset.id FROM asset WHERE asset.id = ANY($1::uuid[]) AND asset.deleted_at IS NULL
  AND asset.visibility <> 'locked' AND EXISTS (
    SELECT FROM album_asset
    WHERE album_asset.asset_id IN (
        SELECT asset.id UNION ALL
        SELECT still.id FROM asset AS still
        WHERE still.live_photo_video_id = asset.id AND still.deleted_at IS NULL AND still.visibility <> 'locked')
      AND {album})
"""


async def granted_to_member(db: Database, user_id: UUID, asset_ids: Collection[UUID]) -> set[UUID]:
    """Those of the assets that are in an album of which the user is a member; with the moving halves of live photos."""
    member = "EXISTS (SELECT FROM album_user WHERE album_user.album_id = album_asset.album_id AND user_id = $2)"
    album = f"{member} AND {store.LIVING.format(album='album_asset.album_id')}"
    rows = await db.fetch(_GRANTED.format(album=album), list(asset_ids), user_id)
    return {row["id"] for row in rows}


async def granted_by_link(db: Database, album_id: UUID, asset_ids: Collection[UUID]) -> set[UUID]:
    """Those of the assets that are in the album; with the moving halves of live photos."""
    rows = await db.fetch(_GRANTED.format(album="album_asset.album_id = $2"), list(asset_ids), album_id)
    return {row["id"] for row in rows}


# --- names of folders ---------------------------------------------------------------------------


async def first_albums(db: Database, asset_ids: Collection[UUID]) -> list[Row]:
    """`asset_id`, and `name`, `start_date`, `end_date` of its owner's oldest album that it is in."""
    return await db.fetch(
        """SELECT first.*, dates.* FROM (
             SELECT DISTINCT ON (asset.id) asset.id AS asset_id, album.id AS album_id, album.album_name AS name
             FROM asset JOIN album_asset ON album_asset.asset_id = asset.id
             JOIN album ON album.id = album_asset.album_id
             JOIN album_user ON album_user.album_id = album.id AND album_user.user_id = asset.owner_id
             WHERE asset.id = ANY($1::uuid[])
             ORDER BY asset.id, album.created_at, album.id) AS first
           CROSS JOIN LATERAL (
             SELECT min(member.local_date_time) AS start_date, max(member.local_date_time) AS end_date
             FROM album_asset JOIN asset AS member ON member.id = album_asset.asset_id
             WHERE album_asset.album_id = first.album_id AND member.deleted_at IS NULL
               AND member.visibility IN ('timeline', 'archive')) AS dates""",
        list(asset_ids),
    )
