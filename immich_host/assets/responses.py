"""Assets as clients see them: one statement for any number of ids, extras of plugins merged in."""

from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from pydantic import MISSING, TypeAdapter

from immich_host.media.types import content_type_of
from immich_host.plugin_api.answers import (
    AssetResponseDto,
    AssetStackResponseDto,
    AssetTypeEnum,
    ExifResponseDto,
    PersonResponseDto,
    TagResponseDto,
)
from immich_host.plugin_api.assets import EXTRAS, Extra
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, RawJson
from immich_host.users.store import shown
from immich_host.wire.access import refusal
from immich_host.wire.kernel import Kernel

EXIF_COLUMNS = (
    "city", "country", "date_time_original", "description", "exif_image_height", "exif_image_width",
    "exposure_time", "f_number", "file_size_in_byte", "focal_length", "iso", "latitude", "lens_model",
    "longitude", "make", "model", "modify_date", "orientation", "projection_type", "rating", "state", "time_zone",
)  # fmt: skip

KINDS: Final[Mapping[Extra, TypeAdapter[Any]]] = {
    "people": TypeAdapter(list[PersonResponseDto]),
    "stack": TypeAdapter(AssetStackResponseDto | None),
    "tags": TypeAdapter(list[TagResponseDto]),
}
"""What plugins give of each."""

_SELECT = f"""
SELECT a.id, a.owner_id, a.type, a.original_path, a.original_file_name, a.file_created_at, a.file_modified_at,
  a.local_date_time, a.created_at, a.updated_at, a.deleted_at, a.is_favorite, a.is_offline, a.is_edited,
  a.duration, a.width, a.height, a.checksum, a.thumbhash, a.visibility, a.live_photo_video_id, a.library_id,
  a.duplicate_id, e.asset_id IS NOT NULL AS has_exif, {", ".join(f"e.{name}" for name in EXIF_COLUMNS)}
FROM asset a LEFT JOIN asset_exif e ON e.asset_id = a.id
WHERE a.id = ANY($1::uuid[])
"""  # noqa: S608 - composed of constants


async def asset_responses(
    host: Kernel,
    asset_ids: Sequence[UUID],
    caller: Caller,
    *,
    with_owner: bool = False,
    with_exif: bool = True,
    extras: Collection[Extra] = EXTRAS,
) -> list[AssetResponseDto]:
    """What `AssetsPort.answers` says."""
    rows = {row["id"]: row for row in await host.db.fetch(_SELECT, list(asset_ids))}
    present = [asset_id for asset_id in asset_ids if asset_id in rows]
    if not present:
        return []
    if caller.shared_link is not None and not caller.shared_link.show_metadata:
        return [_reduced(rows[asset_id]) for asset_id in present]
    given = await host.hosting.gather("asset_extras", asset_ids=present, user=caller) if extras else {}
    owners = await shown(host.db, host.paths, {rows[i]["owner_id"] for i in present}) if with_owner else {}
    found = [_full(host, rows[i], caller, given, owners) for i in present]
    without = {name for name in EXTRAS if name not in extras} | (set() if with_exif else {"exif_info"})
    for answer in found if without else ():
        for name in without:
            setattr(answer, name, MISSING)
    return found


async def asset_response(host: Kernel, asset_id: UUID, caller: Caller) -> AssetResponseDto:
    """One asset with its owner.

    Raises:
        Refused: 400 when it is gone.
    """
    found = await asset_responses(host, [asset_id], caller, with_owner=True)
    if not found:
        raise refusal(Permission.ASSET_READ)
    return found[0]


async def owners_view(host: Kernel, asset_id: UUID, owner_id: UUID) -> AssetResponseDto | None:
    """The asset as its owner sees it, for events; None when it is gone."""
    caller = Caller(user_id=owner_id, email="", name="", is_admin=False, elevated=True)
    found = await asset_responses(host, [asset_id], caller)
    return found[0] if found else None


def _full(
    host: Kernel, row: Mapping[str, Any], caller: Caller, extras: Mapping[str, Any], owners: Mapping[UUID, Any]
) -> AssetResponseDto:
    # whoever comes by a shared link is no owner, though the link is the owner's
    own = caller.shared_link is None and row["owner_id"] == caller.user_id
    return AssetResponseDto(
        checksum=_base64(row["checksum"]),
        created_at=row["created_at"],
        duplicate_id=row["duplicate_id"],
        duration=row["duration"],
        exif_info=_exif(row) if row["has_exif"] else MISSING,
        file_created_at=row["file_created_at"],
        file_modified_at=row["file_modified_at"],
        has_metadata=True,
        height=row["height"],
        id=row["id"],
        is_archived=row["visibility"] == "archive",
        is_edited=row["is_edited"],
        is_favorite=own and row["is_favorite"],
        is_offline=row["is_offline"],
        is_trashed=row["deleted_at"] is not None,
        library_id=row["library_id"],
        live_photo_video_id=str(row["live_photo_video_id"]) if row["live_photo_video_id"] else None,
        local_date_time=row["local_date_time"],
        original_file_name=row["original_file_name"],
        original_mime_type=content_type_of(row["original_file_name"]),
        original_path=host.paths.shown(row["original_path"]),
        owner=owners.get(row["owner_id"], MISSING),
        owner_id=row["owner_id"],
        people=_extra(extras, "people", row["id"], []) if own else [],
        resized=True,
        stack=_extra(extras, "stack", row["id"], None),
        tags=_extra(extras, "tags", row["id"], []),
        thumbhash=_base64(row["thumbhash"]) if row["thumbhash"] else None,
        type=row["type"],
        updated_at=row["updated_at"],
        visibility=row["visibility"],
        width=row["width"],
    )


def _extra(extras: Mapping[str, Mapping[UUID, Any]], name: Extra, asset_id: UUID, otherwise: Any) -> Any:
    """What a plugin gives, or `otherwise` where none gives anything."""
    value = extras.get(name, {}).get(asset_id, otherwise)
    return KINDS[name].validate_json(value.text) if isinstance(value, RawJson) else value


def _exif(row: Mapping[str, Any]) -> ExifResponseDto:
    return ExifResponseDto.model_construct(**{name: row[name] for name in EXIF_COLUMNS})


def _reduced(row: Mapping[str, Any]) -> AssetResponseDto:
    """What a link shows that hides metadata: nothing about place, camera, names or the owner."""
    return AssetResponseDto.model_construct(
        id=row["id"],
        type=AssetTypeEnum(row["type"]),
        thumbhash=_base64(row["thumbhash"]) if row["thumbhash"] else None,
        original_mime_type=content_type_of(row["original_file_name"]),
        local_date_time=row["local_date_time"],
        duration=row["duration"],
        live_photo_video_id=str(row["live_photo_video_id"]) if row["live_photo_video_id"] else None,
        has_metadata=False,
        width=row["width"],
        height=row["height"],
    )


def _base64(value: bytes) -> str:
    return b64encode(value).decode("ascii")
