"""The timeline's statements: PostgreSQL builds the answers as JSON text."""

from datetime import date
from uuid import UUID

from immich_host.db.database import Database
from immich_host.timeline.conditions import Conditions

_EXIF_JOIN = "LEFT JOIN asset_exif exif ON exif.asset_id = asset.id"


async def buckets(db: Database, found: Conditions, *, month: str, newest_first: bool) -> str:
    """`[{"timeBucket", "count"}]` by month.

    Args:
        db: The database.
        found: Which assets.
        month: The generated column of the month.
        newest_first: The order of the buckets.
    """
    direction = "DESC" if newest_first else "ASC"
    return await db.fetchval(
        f"""SELECT coalesce(json_agg(json_build_object('timeBucket', month::text, 'count', amount)
                   ORDER BY month {direction}), '[]')::text
            FROM (SELECT asset.{month} AS month, count(*) AS amount FROM asset
                  {_EXIF_JOIN if found.needs_exif else ""} WHERE {found.where} GROUP BY 1) AS bucket""",
        *found.args,
    )


_COLUMNS = """
  coalesce(array_agg(id), '{}') AS "id",
  coalesce(array_agg(owner_id), '{}') AS "ownerId",
  coalesce(array_agg(ratio), '{}') AS "ratio",
  coalesce(array_agg(is_favorite), '{}') AS "isFavorite",
  coalesce(array_agg(visibility), '{}') AS "visibility",
  coalesce(array_agg(is_trashed), '{}') AS "isTrashed",
  coalesce(array_agg(is_image), '{}') AS "isImage",
  coalesce(array_agg(thumbhash), '{}') AS "thumbhash",
  coalesce(array_agg(file_created_at), '{}') AS "fileCreatedAt",
  coalesce(array_agg(created_at), '{}') AS "createdAt",
  coalesce(array_agg(local_offset_hours), '{}') AS "localOffsetHours",
  coalesce(array_agg(duration), '{}') AS "duration",
  coalesce(array_agg(live_photo_video_id), '{}') AS "livePhotoVideoId",
  coalesce(array_agg(projection_type), '{}') AS "projectionType"
"""
_PLACES = """,
  coalesce(array_agg(city), '{}') AS "city",
  coalesce(array_agg(country), '{}') AS "country"
"""
_COORDINATES = """,
  coalesce(array_agg(latitude), '{}') AS "latitude",
  coalesce(array_agg(longitude), '{}') AS "longitude"
"""
_STACKS = """,
  coalesce(json_agg(stack), '[]') AS "stack"
"""
_STACK = """,
  CASE WHEN asset.stack_id IS NOT NULL THEN json_build_array(asset.stack_id::text,
    (SELECT count(*)::text FROM asset AS member WHERE member.stack_id = asset.stack_id
       AND member.deleted_at IS NULL AND member.visibility = asset.visibility)) END AS stack
"""


async def bucket(
    db: Database,
    found: Conditions,
    *,
    month: str,
    first_day: date,
    viewer: UUID | None,
    newest_first: bool,
    with_places: bool,
    with_coordinates: bool,
    with_stacks: bool,
) -> str:
    """One month as an object of equally long columns.

    Args:
        db: The database.
        found: Which assets; further arguments are added to it.
        month: The generated column of the month.
        first_day: The bucket.
        viewer: Favourites are shown of this user's own assets only, to None of nobody's.
        newest_first: The order within the bucket: by local day, then by the moment.
        with_places: Columns `city` and `country`.
        with_coordinates: Columns `latitude` and `longitude`.
        with_stacks: Column `stack`.
    """
    keys, order = _sorting(month, newest_first=newest_first)
    found.add(f"asset.{month} = ?", first_day)
    own = found.argument(viewer)
    columns = _COLUMNS + (_PLACES if with_places else "") + (_COORDINATES if with_coordinates else "")
    return await db.fetchval(
        f"""SELECT to_json(answer)::text FROM (SELECT {columns}{_STACKS if with_stacks else ""} FROM (
              SELECT {keys}, asset.owner_id, asset.visibility, asset.duration, asset.live_photo_video_id,
                CASE WHEN asset.width > 0 AND asset.height > 0
                  THEN round(asset.width::float8 / asset.height * 1000) / 1000 ELSE 1 END AS ratio,
                coalesce(asset.is_favorite AND asset.owner_id = {own}, false) AS is_favorite,
                asset.deleted_at IS NOT NULL AS is_trashed,
                asset.type = 'IMAGE' AS is_image,
                encode(asset.thumbhash, 'base64') AS thumbhash,
                date_trunc('milliseconds', asset.file_created_at AT TIME ZONE 'UTC') AS file_created_at,
                date_trunc('milliseconds', asset.created_at AT TIME ZONE 'UTC') AS created_at,
                extract(epoch FROM asset.local_date_time - asset.file_created_at)::float8 / 3600 AS local_offset_hours,
                exif.projection_type, exif.city, exif.country, exif.latitude, exif.longitude
                {_STACK if with_stacks else ""}
              FROM asset {_EXIF_JOIN} WHERE {found.where} ORDER BY {order}) AS asset) AS answer""",
        *found.args,
    )


def _sorting(month: str, *, newest_first: bool) -> tuple[str, str]:
    """The columns that are sorted by, and the order.

    They come first in the row: further back PostgreSQL would look for them at each step.
    """
    direction = "DESC" if newest_first else "ASC"
    if month == "created_month":
        return "asset.created_at AS key_moment, asset.id", f"key_moment {direction}, id"
    keys = "(asset.local_date_time AT TIME ZONE 'UTC')::date AS key_day, asset.file_created_at AS key_moment, asset.id"
    return keys, f"key_day {direction}, key_moment {direction}, id"
