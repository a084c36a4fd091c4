"""Every query of the server domain."""

from typing import Any, Final

import orjson

from immich_host.plugin_api.database import Database
from immich_host.server.version import API_VERSION_TEXT, api_version

__all__ = ["api_version", "is_initialized", "metadata", "record_version", "set_metadata"]

ONBOARDING: Final = "admin-onboarding"
LICENSE: Final = "license"
VERSION_CHECK: Final = "version-check-state"
GEOCODING: Final = "reverse-geocoding-state"

_STATISTICS = """
SELECT u.id AS user_id, u.name AS user_name, u.quota_size_in_bytes,
  count(a.id) FILTER (WHERE a.type = 'IMAGE' AND a.visibility <> 'hidden') AS photos,
  count(a.id) FILTER (WHERE a.type = 'VIDEO' AND a.visibility <> 'hidden') AS videos,
  coalesce(sum(e.file_size_in_byte) FILTER (WHERE a.library_id IS NULL), 0)::bigint AS usage,
  coalesce(sum(e.file_size_in_byte) FILTER (WHERE a.library_id IS NULL AND a.type = 'IMAGE'), 0)::bigint
    AS usage_photos,
  coalesce(sum(e.file_size_in_byte) FILTER (WHERE a.library_id IS NULL AND a.type = 'VIDEO'), 0)::bigint
    AS usage_videos
FROM "user" u
LEFT JOIN asset a ON a.owner_id = u.id AND a.deleted_at IS NULL
LEFT JOIN asset_exif e ON e.asset_id = a.id
GROUP BY u.id ORDER BY lower(f_unaccent(u.name)), u.created_at
"""


async def is_initialized(db: Database) -> bool:
    """Whether there is an administrator."""
    return await db.fetchval('SELECT EXISTS (SELECT FROM "user" WHERE is_admin AND deleted_at IS NULL)')


async def metadata(db: Database, key: str) -> dict[str, Any] | None:
    """A value of `system_metadata`, or None."""
    found = await db.fetchval("SELECT value FROM system_metadata WHERE key = $1", key)
    value = orjson.loads(found) if found else None
    return value if isinstance(value, dict) else None


async def set_metadata(db: Database, key: str, value: dict[str, Any]) -> None:
    """Write a value of `system_metadata`."""
    await db.execute(
        "INSERT INTO system_metadata (key, value) VALUES ($1, $2) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        key,
        orjson.dumps(value).decode(),
    )


async def forget_metadata(db: Database, key: str) -> None:
    """Delete a value of `system_metadata`."""
    await db.execute("DELETE FROM system_metadata WHERE key = $1", key)


async def version_history(db: Database) -> list[Any]:
    """The versions that have run here, newest first."""
    return await db.fetch("SELECT id, created_at, version FROM version_history ORDER BY created_at DESC, id")


async def record_version(db: Database) -> None:
    """Note that this version runs, unless it was the last one noted; safe in every process at once.

    It is the API's version, as everywhere else where clients are told of one.
    """
    async with db.transaction():
        await db.execute("LOCK TABLE version_history IN SHARE ROW EXCLUSIVE MODE")
        await db.execute(
            """
            INSERT INTO version_history (version)
            SELECT $1 WHERE $1 IS DISTINCT FROM
              (SELECT version FROM version_history ORDER BY created_at DESC, id LIMIT 1)
            """,
            API_VERSION_TEXT.removeprefix("v"),
        )


async def statistics(db: Database) -> list[Any]:
    """Numbers and bytes of every user; a live photo's video counts in bytes only."""
    return await db.fetch(_STATISTICS)
