"""Every statement of this plugin."""

from uuid import UUID

from immich_host.plugin_api.database import Database, Row
from immich_hot_folder.looking import Found


async def owner_id(db: Database, email: str) -> UUID | None:
    """The account with this address."""
    return await db.fetchval('SELECT id FROM "user" WHERE lower(email) = lower($1) AND deleted_at IS NULL', email)


async def is_done(db: Database, owner: UUID, found: Found) -> bool:
    """Whether this version of the file was dealt with; one that failed is tried again."""
    return bool(
        await db.fetchval(
            """SELECT true FROM hot_folder_file
               WHERE path = $1 AND owner_id = $2 AND size = $3 AND mtime_ns = $4 AND status <> 'failed'""",
            str(found.path), owner, found.size, found.mtime_ns,
        )
    )  # fmt: skip


async def note(
    db: Database, owner: UUID, found: Found, status: str, *, reason: str | None = None, asset_id: UUID | None = None
) -> None:
    """Note what came of a file."""
    await db.execute(
        """INSERT INTO hot_folder_file (path, owner_id, size, mtime_ns, status, reason, asset_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (path, owner_id) DO UPDATE SET size = excluded.size,
             mtime_ns = excluded.mtime_ns, status = excluded.status, reason = excluded.reason,
             asset_id = excluded.asset_id, looked_at = now()""",
        str(found.path), owner, found.size, found.mtime_ns, status, reason, asset_id,
    )  # fmt: skip


async def files(db: Database, status: str | None, limit: int) -> list[Row]:
    """The files last looked at."""
    return await db.fetch(
        """SELECT path, owner_id, status, reason, asset_id, looked_at FROM hot_folder_file
           WHERE $1::text IS NULL OR status = $1 ORDER BY looked_at DESC, path LIMIT $2""",
        status, limit,
    )  # fmt: skip


async def counts(db: Database) -> dict[str, int]:
    """Status -> how many files."""
    rows = await db.fetch("SELECT status, count(*) AS files FROM hot_folder_file GROUP BY 1")
    return {row["status"]: row["files"] for row in rows}
