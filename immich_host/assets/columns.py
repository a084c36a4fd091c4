"""Which columns of an asset others may write, and how Immich names them."""

from typing import Final

from pydantic.alias_generators import to_camel

from immich_host.plugin_api.assets import LOCKABLE

ASSET: Final = frozenset({
    "file_created_at", "file_modified_at", "local_date_time", "duration", "width", "height", "thumbhash",
    "visibility", "live_photo_video_id", "is_favorite", "is_offline", "is_edited", "original_path",
    "original_file_name", "duplicate_id", "stack_id",
})  # fmt: skip
"""Columns of `asset` that jobs and routes may set."""

EXIF: Final = frozenset({
    "make", "model", "lens_model", "exif_image_width", "exif_image_height", "file_size_in_byte", "orientation",
    "date_time_original", "modify_date", "time_zone", "f_number", "focal_length", "iso", "exposure_time",
    "latitude", "longitude", "city", "state", "country", "description", "fps", "live_photo_cid",
    "auto_stack_id", "projection_type", "profile_description", "colorspace", "bits_per_sample", "rating", "tags",
})  # fmt: skip
"""Columns of `asset_exif` that jobs and routes may set."""

JOB_STATUS: Final = frozenset({"faces_recognized_at", "metadata_extracted_at", "duplicates_detected_at", "ocr_at"})
"""Columns of `asset_job_status`."""

LOCKS: Final = {column: to_camel(column) for column in EXIF if to_camel(column) in LOCKABLE}
"""Lockable column -> its name in `locked_properties`."""


class UnknownColumn(ValueError):
    """A column that does not exist or is not for others to write."""


def check(columns: dict[str, object], known: frozenset[str]) -> None:
    """Let pass only known columns; their names become part of a statement.

    Raises:
        UnknownColumn: Names the others.
    """
    unknown = sorted(columns.keys() - known)
    if unknown:
        msg = f"cannot write: {', '.join(unknown)}"
        raise UnknownColumn(msg)
