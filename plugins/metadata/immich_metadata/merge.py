"""One set of tags out of three: the file's, then ffprobe's, then the sidecar's; later ones win."""

from typing import Any

from immich_metadata.dates import DATE_TAGS, has_date
from immich_metadata.values import Tags, text
from immich_metadata.zones import ZONE_TAGS

_TIMED_STILLS = frozenset({".avif", ".gif", ".heic", ".heif", ".jxl", ".png", ".webp"})
_HEIF = frozenset({".avif", ".heic", ".heif", ".hif"})
_ROTATIONS = {"0": "1", "1": "8", "2": "3", "3": "6"}
_NOT_FROM_SIDECARS = frozenset(
    {
        *("SourceFile", "FileName", "Directory", "FileSize", "FileType", "FileTypeExtension", "MIMEType"),
        *("Duration", "ImageSize", "ImageWidth", "ImageHeight"),
    }
)
_TOGETHER = (
    ("GPSLatitude", "GPSLongitude"),
    ("ImageDescription", "Description"),
    ("TagsList", "HierarchicalSubject", "Keywords"),
)
"""Tags that say one thing together: one of them in the sidecar silences all of them in the file."""


def merge(file: Tags, probed: Tags, sidecar: Tags, *, suffix: str, video: bool) -> dict[str, Any]:
    """Merge the tags of one asset.

    A sidecar with a date silences every date and zone of the file, and so for place, caption and
    keywords; an empty value in the sidecar is a value. Durations and dimensions never come from a
    sidecar; of stills only animated formats keep a duration. HEIF pictures are turned by their
    container, whatever EXIF says. `suffix` is the file's, lower case.
    """
    merged = {**file, **probed}
    added = {name: value for name, value in sidecar.items() if name not in _NOT_FROM_SIDECARS}
    silenced: list[str] = [*DATE_TAGS, *ZONE_TAGS] if has_date(added) else []
    for group in _TOGETHER:
        if any(name in added for name in group):
            silenced += group
    for name in silenced:
        merged.pop(name, None)
    merged.update(added)
    if suffix in _HEIF:
        turned = _ROTATIONS.get(text(file.get("Rotation")) or "")
        merged.pop("Orientation", None)
        if turned:
            merged["Orientation"] = turned
    if not video and suffix not in _TIMED_STILLS:
        merged.pop("Duration", None)
    return merged
