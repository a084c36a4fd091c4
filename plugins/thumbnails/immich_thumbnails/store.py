"""Queries: which assets lack pictures."""

from collections.abc import AsyncIterator
from uuid import UUID

from immich_host.plugin_api.database import Database
from immich_thumbnails.formats import WEB_SUFFIXES

_HAS = "EXISTS (SELECT FROM asset_file f WHERE f.asset_id = a.id AND f.type = '{}' AND NOT f.is_edited)"
_WITHOUT_PICTURES = f"""
SELECT a.id FROM asset a JOIN asset_job_status s ON s.asset_id = a.id
WHERE a.deleted_at IS NULL AND a.visibility <> 'hidden' AND a.type IN ('IMAGE', 'VIDEO')
  AND (a.thumbhash IS NULL
       OR NOT {_HAS.format("thumbnail")}
       OR NOT {_HAS.format("preview")}
       OR ($1 AND a.type = 'IMAGE'
           AND lower(substring(a.original_path FROM '\\.[^./]*$')) <> ALL ($2::text[])
           AND NOT {_HAS.format("fullsize")}))
ORDER BY a.file_created_at DESC, a.id
"""


async def without_pictures(db: Database, *, fullsize: bool) -> AsyncIterator[UUID]:
    """Assets that lack thumbnail, preview, ThumbHash or (with `fullsize`) a full size that they need."""
    async for row in db.stream(_WITHOUT_PICTURES, fullsize, sorted(WEB_SUFFIXES)):
        yield row["id"]
