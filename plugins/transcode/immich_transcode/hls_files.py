"""The files of live streams: `<session>/<variant>/init.mp4` and `seg_N.m4s` below `encoded-video`."""

import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

from immich_host.plugin_api import Host
from immich_transcode.hls_playlists import segment_name

_SEGMENT = re.compile(r"seg_(\d{1,9})\.m4s")
_SESSION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TRIES = 5


class Gone(RuntimeError):
    """The folder was removed: its session is over."""


def session_folder(host: Host, owner_id: UUID, session_id: UUID) -> Path:
    """Where the files of a session lie: with the owner of its asset."""
    return host.files.derived_path("encoded-video", owner_id, str(session_id))


def segment_number(name: str) -> int | None:
    """The number in a segment's name; None for other names."""
    found = _SEGMENT.fullmatch(name)
    return None if found is None else int(found[1])


def put(folder: Path, name: str, content: bytes | bytearray) -> None:
    """Write a file so that it is there whole or not at all. Blocking.

    Raises:
        Gone: There is no such folder any more.
    """
    beside = folder / f".{name}.{uuid4().hex}"
    try:
        beside.write_bytes(content)
        beside.replace(folder / name)
    except FileNotFoundError as error:
        raise Gone(str(folder)) from error
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def read(path: Path) -> bytes | None:
    """A file's content; None when it is not there. Blocking."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def missing(folder: Path, segments: Iterable[int]) -> int | None:
    """The first of the segments that is not there. Blocking, but quick."""
    return next((each for each in segments if not (folder / segment_name(each)).exists()), None)


def drop_far(folder: Path, wanted: int, most: int) -> None:
    """Remove segments that lie more than `most` before or twice as many after the one wanted. Blocking."""
    for path in list(folder.glob("seg_*.m4s")):
        number = segment_number(path.name)
        if number is not None and not wanted - most <= number <= wanted + 2 * most:
            path.unlink(missing_ok=True)


def remove(folder: Path) -> None:
    """Remove a session's folder; somebody may write there once more while it is removed. Blocking."""
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return


def session_folders(root: Path) -> Iterator[tuple[UUID, Path]]:
    """Every folder in `encoded-video` that is one of a session. Blocking."""
    for folder in root.glob("*/??/??/*"):
        if _SESSION.fullmatch(folder.name) and folder.is_dir():
            yield UUID(folder.name), folder
