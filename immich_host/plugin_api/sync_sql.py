"""SQL for lines of the app's copy that streams of several rooms send: assets, what files say of them, stacks.

The maps give wire field -> SQL expression; the aliases are `a` for `asset`, `e` for `asset_exif`, `s` for `stack`.
"""

from collections.abc import Mapping
from typing import Final

_TIME = "immich_time"

ASSET: Final[Mapping[str, str]] = {
    "id": "a.id",
    "ownerId": "a.owner_id",
    "originalFileName": "a.original_file_name",
    "thumbhash": "encode(a.thumbhash, 'base64')",
    "checksum": "encode(a.checksum, 'base64')",
    "fileCreatedAt": f"{_TIME}(a.file_created_at)",
    "fileModifiedAt": f"{_TIME}(a.file_modified_at)",
    "createdAt": f"{_TIME}(a.created_at)",
    "localDateTime": f"{_TIME}(a.local_date_time)",
    "duration": "a.duration",
    "type": "a.type",
    "deletedAt": f"{_TIME}(a.deleted_at)",
    "isFavorite": "a.is_favorite",
    "visibility": "a.visibility",
    "livePhotoVideoId": "a.live_photo_video_id",
    "stackId": "a.stack_id",
    "libraryId": "a.library_id",
    "width": "a.width",
    "height": "a.height",
    "isEdited": "a.is_edited",
}
"""`AssetV2`, as its owner has it; to others `isFavorite` is always false (`NOT_MINE`)."""

NOT_MINE: Final[Mapping[str, str]] = ASSET | {"isFavorite": "false"}
"""`AssetV2` of somebody else's asset."""

EXIF: Final[Mapping[str, str]] = {
    "assetId": "e.asset_id",
    "description": "e.description",
    "exifImageWidth": "e.exif_image_width",
    "exifImageHeight": "e.exif_image_height",
    "fileSizeInByte": "e.file_size_in_byte",
    "orientation": "e.orientation",
    "dateTimeOriginal": f"{_TIME}(e.date_time_original)",
    "modifyDate": f"{_TIME}(e.modify_date)",
    "timeZone": "e.time_zone",
    "latitude": "e.latitude",
    "longitude": "e.longitude",
    "projectionType": "e.projection_type",
    "city": "e.city",
    "state": "e.state",
    "country": "e.country",
    "make": "e.make",
    "model": "e.model",
    "lensModel": "e.lens_model",
    "fNumber": "e.f_number",
    "focalLength": "e.focal_length",
    "iso": "e.iso",
    "exposureTime": "e.exposure_time",
    "profileDescription": "e.profile_description",
    "rating": "e.rating",
    "fps": "e.fps",
}
"""`AssetExifV1`."""

STACK: Final[Mapping[str, str]] = {
    "id": "s.id",
    "createdAt": f"{_TIME}(s.created_at)",
    "updatedAt": f"{_TIME}(s.updated_at)",
    "primaryAssetId": "s.primary_asset_id",
    "ownerId": "s.owner_id",
}
"""`StackV1`."""


def json_object(fields: Mapping[str, str]) -> str:
    """SQL for the text of a JSON object: field -> expression."""
    return f"json_build_object({', '.join(f"'{name}', {sql}" for name, sql in fields.items())})::text"
