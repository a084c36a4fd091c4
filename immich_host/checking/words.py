"""Names that are Immich's, which a plugin may use where it owns the thing."""

from typing import Final

TABLES: Final = frozenset({
    "activity", "album", "album_asset", "album_user", "api_key", "asset", "asset_audio", "asset_edit", "asset_exif",
    "asset_face", "asset_file", "asset_job_status", "asset_keyframe", "asset_metadata", "asset_ocr", "asset_video",
    "face_search", "geodata_places", "integrity_report", "library", "memory", "memory_asset", "move_history",
    "naturalearth_countries", "notification", "ocr_search", "partner", "person", "plugin", "plugin_method",
    "session", "session_sync_checkpoint", "shared_link", "shared_link_asset", "smart_search", "stack",
    "system_metadata", "tag", "tag_asset", "tag_closure", "user", "user_metadata", "version_history",
    "video_stream_session", "video_stream_segment", "video_stream_variant", "workflow", "workflow_step",
})  # fmt: skip
"""Tables of Immich's database; `<table>_audit` beside them holds what was deleted."""


def is_table(name: str) -> bool:
    """Whether Immich has a table of that name."""
    return name.removesuffix("_audit") in TABLES
