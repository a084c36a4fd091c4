"""Every query of this plugin."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic.alias_generators import to_snake

from immich_host.plugin_api.database import Database
from immich_metadata.keyframes import Keyframes

_VIDEO = (
    *("index", "codec_name", "profile", "level", "bitrate", "frame_count", "time_base", "pixel_format"),
    *("color_primaries", "color_transfer", "color_matrix", "dv_profile", "dv_level"),
    *("dv_bl_signal_compatibility_id", "format_name", "format_long_name"),
)
_AUDIO = ("index", "codec_name", "profile", "bitrate")


async def hold_pair(db: Database, identifier: str) -> None:
    """Let one reader at a time, of all processes, save a half of this live photo; until commit.

    Both halves may be read at the same moment: the second to come sees what the first has saved.
    Taken before any row, so that the two cannot wait for each other.
    """
    await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 8))", identifier)


@dataclass(frozen=True, slots=True)
class Known:
    """What the rows of an asset say before it is read.

    `locked` are the columns of `asset_exif` that a user has locked, with their values; `identifier` is that of the live
    photo, as read before.
    """

    locked: dict[str, Any] = field(default_factory=dict[str, Any])
    identifier: str | None = None
    was_read: bool = False


async def hold_known(db: Database, asset_id: UUID) -> Known:
    """What is known of an asset; locks its rows until commit."""
    # the asset first, as everybody who changes both does
    await db.execute('SELECT FROM "asset" WHERE id = $1 FOR NO KEY UPDATE', asset_id)
    row = await db.fetchrow(
        'SELECT exif.*, status.metadata_extracted_at FROM "asset_exif" AS exif '
        'LEFT JOIN "asset_job_status" AS status ON status.asset_id = exif.asset_id '
        "WHERE exif.asset_id = $1 FOR UPDATE OF exif",
        asset_id,
    )
    if row is None:
        return Known()
    names: list[str] = row["locked_properties"]
    locked = {column: row[column] for column in map(to_snake, names)}
    return Known(locked, row["live_photo_cid"], row["metadata_extracted_at"] is not None)


async def hold_assets(db: Database, asset_ids: Iterable[UUID]) -> None:
    """Lock the rows of assets until commit, in the order in which everybody locks several."""
    await db.execute('SELECT FROM "asset" WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE', list(asset_ids))


async def is_shown(db: Database, video_id: UUID) -> bool:
    """Whether a still has this video for its moving part."""
    return await db.fetchval('SELECT EXISTS (SELECT FROM "asset" WHERE live_photo_video_id = $1)', video_id)


async def save_streams(
    db: Database,
    asset_id: UUID,
    video: dict[str, Any] | None,
    audio: dict[str, Any] | None,
    keyframes: Keyframes | None,
) -> None:
    """Replace what is known of an asset's streams."""
    await _replace(db, "asset_video", _VIDEO, asset_id, video)
    await _replace(db, "asset_audio", _AUDIO, asset_id, audio)
    await db.execute("DELETE FROM asset_keyframe WHERE asset_id = $1", asset_id)
    if keyframes is not None and keyframes.fits:
        await db.execute(
            "INSERT INTO asset_keyframe (asset_id, pts, acc_duration, own_duration, total_duration, "
            "packet_count, output_frames) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            *(asset_id, keyframes.pts, keyframes.acc_duration, keyframes.own_duration),
            *(keyframes.total_duration, keyframes.packet_count, keyframes.output_frames),
        )


async def _replace(
    db: Database, table: str, columns: tuple[str, ...], asset_id: UUID, row: dict[str, Any] | None
) -> None:
    await db.execute(f"DELETE FROM {table} WHERE asset_id = $1", asset_id)
    if row is None:
        return
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 2))
    await db.execute(
        f"INSERT INTO {table} (asset_id, {', '.join(f'"{name}"' for name in columns)}) VALUES ({places})",
        *(asset_id, *(row[name] for name in columns)),
    )


@dataclass(frozen=True, slots=True)
class Pair:
    """The two assets of a live photo."""

    still: UUID
    video: UUID


async def pair_up(db: Database, asset_id: UUID, identifier: str) -> Pair | None:
    """Find the other half of a live photo: same owner, library and identifier, other type.

    None when there is none yet, or the two are linked.
    """
    row = await db.fetchrow(
        """
        SELECT own.type AS type, own.id AS own, other.id AS other
        FROM "asset" AS own
        JOIN "asset_exif" AS exif ON exif.live_photo_cid = $2
        JOIN "asset" AS other ON other.id = exif.asset_id AND other.id <> own.id
          AND other.owner_id = own.owner_id AND other.library_id IS NOT DISTINCT FROM own.library_id
          AND other.type = CASE own.type WHEN 'IMAGE' THEN 'VIDEO' ELSE 'IMAGE' END
          AND other.deleted_at IS NULL
          AND (other.visibility = 'locked') = (own.visibility = 'locked')
        WHERE own.id = $1 AND own.type IN ('IMAGE', 'VIDEO') AND own.deleted_at IS NULL
          AND CASE own.type WHEN 'IMAGE' THEN own.live_photo_video_id IS NULL
              ELSE other.live_photo_video_id IS NULL END
        ORDER BY EXISTS (SELECT FROM "asset" AS s WHERE s.live_photo_video_id = other.id), other.created_at, other.id
        LIMIT 1
        """,
        asset_id,
        identifier,
    )
    if row is None:
        return None
    return Pair(row["own"], row["other"]) if row["type"] == "IMAGE" else Pair(row["other"], row["own"])


async def without_metadata(db: Database) -> AsyncIterator[UUID]:
    """Assets that were never read and are not in the trash, newest first."""
    rows = db.stream(
        'SELECT a.id FROM "asset" AS a LEFT JOIN "asset_job_status" AS s ON s.asset_id = a.id '
        "WHERE s.metadata_extracted_at IS NULL AND a.deleted_at IS NULL ORDER BY a.created_at DESC"
    )
    async for row in rows:
        yield row["id"]
