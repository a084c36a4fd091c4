"""A person's changes to assets: columns, locked exif fields, live-photo links; facts follow on commit."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import MISSING

from immich_host.assets import columns as known
from immich_host.assets import dates, writing
from immich_host.assets.dto_input import AssetBulkUpdateDto, UpdateAssetDto
from immich_host.assets.upload_store import check_live_video
from immich_host.assets.writing_many import Told, change_many
from immich_host.plugin_api.web import Caller
from immich_host.wire.kernel import Kernel

# The still, the video that it has and the one that it gets, held in the order of whoever holds many.
_LIVE_PHOTO = """
SELECT id, live_photo_video_id FROM asset
WHERE id = ANY(ARRAY[$1::uuid, $2::uuid]) OR id = (SELECT live_photo_video_id FROM asset WHERE id = $1)
ORDER BY id FOR NO KEY UPDATE
"""


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not MISSING}


def _rating(value: Any) -> Any:
    """0 and -1 mean "no rating"."""
    return value if value is MISSING or value is None or value > 0 else None


async def update_one(host: Kernel, caller: Caller, asset_id: UUID, change: UpdateAssetDto) -> None:
    """Apply a change to one asset.

    Raises:
        Refused: 400 for a bad date or a live-photo video that does not fit.
    """
    columns = _given(is_favorite=change.is_favorite, visibility=change.visibility)
    exif = _given(
        description=change.description,
        latitude=change.latitude,
        longitude=change.longitude,
        rating=_rating(change.rating),
    )
    async with host.db.transaction():
        if change.live_photo_video_id is not MISSING:
            columns |= await link_live_photo(host, caller.user_id, asset_id, change.live_photo_video_id)
        if change.date_time_original is not MISSING:
            moment = dates.parse(change.date_time_original)
            columns |= _moved_to(moment, moment.tzinfo)
            exif |= {"date_time_original": moment, "time_zone": dates.zone_name(moment)}
        await _apply(host, asset_id, columns, exif)


async def update_many(host: Kernel, change: AssetBulkUpdateDto) -> None:
    """Apply one change to many assets, in one transaction.

    Raises:
        Refused: 400 for a bad date or zone.
    """
    columns = _given(is_favorite=change.is_favorite, visibility=change.visibility, duplicate_id=_duplicate(change))
    exif = _given(
        description=change.description,
        latitude=change.latitude,
        longitude=change.longitude,
        rating=_rating(change.rating),
    )
    ids = sorted(set(change.ids))  # one order for everybody, so that two clients never deadlock
    is_dated = change.date_time_original is not MISSING or change.time_zone is not MISSING
    async with host.db.transaction():
        # all of them by one statement before each gets a date: what one leaves, an album say, is held until the end
        told = await change_many(host.db, ids, columns, exif)
        if is_dated or change.date_time_relative not in {MISSING, 0}:
            told = await _dated_many(host, ids, change, told)
        await host.jobs.publish_each("asset_changed", [_changed(*each) for each in told])


async def _dated_many(host: Kernel, ids: Sequence[UUID], change: AssetBulkUpdateDto, told: Told) -> Told:
    """Date assets that are held; what is to be told of each, with what was before."""
    changed = {asset_id: (owner, set(names)) for asset_id, owner, names in told}
    for asset_id in ids:
        owner, names = await _write(host, asset_id, *await _dated(host, asset_id, change))
        if owner is not None and names:
            changed.setdefault(asset_id, (owner, set()))[1].update(names)
    return [(asset_id, owner, names) for asset_id, (owner, names) in changed.items()]


def _changed(asset_id: UUID, owner_id: UUID, fields: set[str]) -> dict[str, Any]:
    """The arguments of `asset_changed`."""
    return {"asset_id": asset_id, "owner_id": owner_id, "fields": sorted(fields), "cause": "edit"}


def _duplicate(change: AssetBulkUpdateDto) -> Any:
    if change.duplicate_id is MISSING or change.duplicate_id is None:
        return change.duplicate_id
    try:
        return UUID(change.duplicate_id)
    except ValueError:
        raise dates.invalid("duplicateId", "Invalid UUID") from None


async def _dated(host: Kernel, asset_id: UUID, change: AssetBulkUpdateDto) -> tuple[dict[str, Any], dict[str, Any]]:
    """The date columns of one asset: set, shifted by minutes, or seen from another zone."""
    if change.date_time_original is not MISSING:
        moment = dates.parse(change.date_time_original)
        name = dates.zone_name(moment) if change.time_zone is MISSING else change.time_zone
        where = dates.zone(name)
        return _moved_to(moment, where), {"date_time_original": moment, "time_zone": name}
    minutes = 0 if change.date_time_relative is MISSING else change.date_time_relative
    if not minutes and change.time_zone is MISSING:
        return {}, {}
    row = await host.db.fetchrow(
        """SELECT coalesce(e.date_time_original, a.file_created_at) AS moment, e.time_zone
           FROM asset a LEFT JOIN asset_exif e ON e.asset_id = a.id WHERE a.id = $1""",
        asset_id,
    )
    if row is None:
        return {}, {}
    moment = dates.shifted(row["moment"], minutes)
    name = row["time_zone"] if change.time_zone is MISSING else change.time_zone
    where = dates.zone(name) if name else UTC
    return _moved_to(moment, where), {"date_time_original": moment, "time_zone": name}


def _moved_to(moment: datetime, where: Any) -> dict[str, Any]:
    return {"file_created_at": moment, "local_date_time": dates.wall_clock(moment, where)}


async def _apply(host: Kernel, asset_id: UUID, columns: dict[str, Any], exif: dict[str, Any]) -> None:
    """Write, lock what a person set, and tell."""
    owner, told = await _write(host, asset_id, columns, exif)
    if owner is not None and told:
        await host.publish("asset_changed", **_changed(asset_id, owner, told))


async def _write(
    host: Kernel, asset_id: UUID, columns: dict[str, Any], exif: dict[str, Any]
) -> tuple[UUID | None, set[str]]:
    """Write, and lock what a person set; the owner (None when the asset is gone), and what is to be told."""
    owner, changed = await writing.update_columns(host.db, asset_id, columns)
    told = set(changed)
    if exif:
        owner, described = await writing.update_exif(host.db, asset_id, exif, respect_locks=False)
        # a value that was there already is told of too: what keeps edits has to keep it from now on
        told |= described | await writing.lock(host.db, asset_id, {name for name in exif if name in known.LOCKS})
    return owner, told


async def link_live_photo(host: Kernel, user_id: UUID, asset_id: UUID, video_id: UUID | None) -> dict[str, Any]:
    """Link a still to its video, which is hidden; or take the link away, which shows the video again.

    Returns:
        Columns to set on the still.

    Raises:
        Refused: 400 when the video is missing, another's, or not a video.
    """
    rows = await host.db.fetch(_LIVE_PHOTO, asset_id, video_id)
    old = next((row["live_photo_video_id"] for row in rows if row["id"] == asset_id), None)
    if video_id is not None:
        await check_live_video(host.db, video_id, user_id)
        await hide_live_photo_video(host, user_id, video_id)
    elif old is not None:
        await writing.update_columns(host.db, old, {"visibility": "timeline"})
        await host.publish("asset_changed", asset_id=old, owner_id=user_id, fields=["visibility"], cause="shown")
    return {"live_photo_video_id": video_id}


async def hide_live_photo_video(host: Kernel, user_id: UUID, video_id: UUID) -> None:
    """Hide the moving part of a live photo; clients are told that it left the timeline."""
    _, changed = await writing.update_columns(host.db, video_id, {"visibility": "hidden"})
    if changed:
        await host.publish("asset_changed", asset_id=video_id, owner_id=user_id, fields=["visibility"], cause="hidden")
