"""What lies in a folder; no database, no framework."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

SIDECAR = ".xmp"


@dataclass(frozen=True, slots=True)
class Found:
    """A file; `written` is the time of its last change, of content or place, in seconds."""

    path: Path
    size: int
    mtime_ns: int
    written: float
    sidecar: Path | None = None


def look(folder: Path, ignore: Sequence[str]) -> Iterator[Found]:
    """All regular files below a folder, by name, with the XMP files that belong to them; links are not followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:  # gone, or not ours to read: the next look tells
        return
    wanted = [entry for entry in entries if not any(fnmatchcase(entry.name, pattern) for pattern in ignore)]
    files = {entry.name: entry for entry in wanted if entry.is_file(follow_symlinks=False)}
    for entry in wanted:
        if entry.is_dir(follow_symlinks=False):
            yield from look(Path(entry.path), ignore)
        elif entry.name in files and Path(entry.name).suffix.lower() != SIDECAR:
            found = _found(Path(entry.path), files)
            if found is not None:
                yield found


def _found(path: Path, beside: dict[str, "os.DirEntry[str]"]) -> Found | None:
    names = (f"{path.name}{SIDECAR}", f"{path.stem}{SIDECAR}")
    sidecar = next((path.with_name(name) for name in names if name in beside), None)
    try:
        stats = [each.stat() for each in (path, sidecar) if each is not None]
    except FileNotFoundError:
        return None
    written = max(max(each.st_mtime, each.st_ctime) for each in stats)
    return Found(path, stats[0].st_size, stats[0].st_mtime_ns, written, sidecar)


def is_same(found: Found) -> bool:
    """Whether the file is still as it was found."""
    try:
        now = found.path.stat()
    except FileNotFoundError:
        return False
    return (now.st_size, now.st_mtime_ns) == (found.size, found.mtime_ns)
