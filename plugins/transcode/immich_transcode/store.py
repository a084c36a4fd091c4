"""Queries: which videos there are, and which lack a copy."""

from collections.abc import AsyncIterator
from uuid import UUID

from immich_host.plugin_api.database import Database

_VIDEOS = "SELECT a.id FROM asset a WHERE a.type = 'VIDEO' AND a.deleted_at IS NULL"
_WITHOUT_COPY = f"""{_VIDEOS}
  AND NOT EXISTS (SELECT FROM asset_file f WHERE f.asset_id = a.id AND f.type = 'encoded_video')"""


async def videos(db: Database) -> AsyncIterator[UUID]:
    """Videos that are not in the trash, those behind live photos too."""
    async for row in db.stream(f"{_VIDEOS} ORDER BY a.id"):
        yield row["id"]


async def without_copy(db: Database) -> AsyncIterator[UUID]:
    """Those of them that have no copy; whether one is needed, the job finds out."""
    async for row in db.stream(f"{_WITHOUT_COPY} ORDER BY a.id"):
        yield row["id"]
