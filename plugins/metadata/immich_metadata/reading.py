"""Everything that a file and its sidecar say, gathered before anything is written."""

from dataclasses import dataclass
from datetime import UTC, datetime
from os import stat_result
from pathlib import Path
from typing import Any

from immich_host.plugin_api.host import BinariesPort
from immich_metadata.describe import FileFacts
from immich_metadata.keyframes import Keyframes
from immich_metadata.merge import merge
from immich_metadata.probing import probe, probe_packets
from immich_metadata.tags import TagReader
from immich_metadata.video import Probe, read_probe


@dataclass(frozen=True, slots=True)
class Found:
    """What was read: the file's own tags, all tags merged, and the streams of a video."""

    own: dict[str, Any]
    merged: dict[str, Any]
    streams: Probe | None
    keyframes: Keyframes | None


def file_facts(stat: stat_result, uploaded: datetime) -> FileFacts:
    """Size and times of a file; the time of birth where the file system knows it."""
    return FileFacts(
        size=stat.st_size,
        modified=_moment(stat.st_mtime) or uploaded,
        born=_moment(getattr(stat, "st_birthtime", None)),
        uploaded=uploaded,
    )


def _moment(seconds: float | None) -> datetime | None:
    """A file system's time; None where it is none that a calendar has."""
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


async def read_all(
    path: Path, sidecar: Path | None, *, video: bool, reader: TagReader, binaries: BinariesPort
) -> Found:
    """Read a file and its sidecar. What cannot be read is empty; only a program that is missing or dies is an error."""
    own = await reader.read(path, embedded=video)
    streams = keyframes = None
    suffix = path.suffix.lower()
    if video or suffix == ".gif":
        streams = read_probe(await probe(binaries.ffprobe, path))
    if video and streams and streams.video:
        keyframes = await probe_packets(binaries.ffprobe, path, streams.video["index"])
    added = await reader.read(sidecar) if sidecar else {}
    probed = streams.tags if streams else {}
    return Found(own, merge(own, probed, added, suffix=suffix, video=video), streams, keyframes)
