"""What a sidecar is to be told: edits that wait, and what other plugins hand in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Host
from immich_sidecar import faces, store
from immich_sidecar.extras import handed_in, picture_size
from immich_sidecar.faces import Face
from immich_sidecar.fields import assignments
from immich_sidecar.writing import Version, region_info


@dataclass(frozen=True, slots=True)
class Change:
    """Exiftool's lines, the lockable fields that they write, and the faces.

    `seen` is the file's version from which it was made. `faces` is None where faces are nobody's
    business; `before` are those of the last time.
    """

    lines: list[str]
    fields: frozenset[str]
    faces: list[Face] | None
    before: list[Face]
    seen: Version | None


async def compose(host: Host, asset_id: UUID, exif: Mapping[str, Any], target: Path) -> Change:
    """What is to be written into `target`; no lines where it holds everything.

    Raises:
        NotWritten: `target` cannot be read.
    """
    extras = await handed_in(host, asset_id)
    locked = frozenset(exif["locked_properties"])
    if extras.tags is not None and extras.tags != (exif["tags"] or []):
        locked |= {"tags"}
    tags = exif["tags"] if extras.tags is None else extras.tags
    lines, fields = assignments(locked, {**exif, "tags": tags})
    seen = Version.of(target)
    wanted, before = extras.faces(asset_id, exif), []
    if wanted is not None:
        before = await store.written_faces(host.db, asset_id)
        if wanted or before:
            lines += await _of_faces(host, target, before, wanted, exif)
    return Change(lines, fields, wanted, before, seen)


async def _of_faces(
    host: Host, target: Path, before: list[Face], wanted: list[Face], exif: Mapping[str, Any]
) -> list[str]:
    info = await region_info(host.binaries.exiftool, target)
    out, added = faces.difference(faces.face_regions(info), before, wanted)
    size = picture_size(exif)
    return faces.region_lines(out, added, info, size) if size else []
