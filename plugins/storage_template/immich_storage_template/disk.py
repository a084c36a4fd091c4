"""Files and their names. Everything here blocks; nothing here ever writes over a file.

A file is moved by giving it a second name first, a hard link where that is possible, else a copy that was
checked. Until the rows have changed and the first name is taken away, both are good.
"""

import errno
import filecmp
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from threading import Event
from typing import Final, Literal
from uuid import UUID

Kind = Literal["original", "sidecar"]

_NO_LINK: Final = frozenset({
    errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP,
})  # fmt: skip
"""Another device, or a file system without (more) hard links."""

_CHUNK = 1 << 20


class BadCopy(RuntimeError):
    """A copy is not what it was made of; nothing has changed."""


class Changed(RuntimeError):
    """The file is not what was uploaded; nothing has changed."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of an asset on its way; a row of `move_history`. `checksum` is the SHA-1 where it is known."""

    id: UUID
    asset_id: UUID
    kind: Kind
    old: Path
    new: Path
    checksum: bytes | None = None

    @property
    def copy(self) -> Path:
        """Where a copy is made."""
        return self.new.with_name(f".{self.id}.part")


def give_name(part: Part, *, verify: bool, stop: Event) -> None:
    """Give a file its new name beside the old one, to last.

    Args:
        part: The file.
        verify: Compare checksums where it has to be copied, not only sizes.
        stop: When it is set, copying ends.

    Raises:
        FileExistsError: The new name is taken.
        FileNotFoundError: There is no file.
        BadCopy, Changed: The copy is not good.
    """
    if not stat.S_ISREG(os.lstat(part.old).st_mode):
        raise FileNotFoundError(errno.ENOENT, "not a regular file", str(part.old))
    made = _make_folder(part.new.parent)
    try:
        os.link(part.old, part.new)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        _copy(part, verify=verify, stop=stop)
        _name_copy(part)
    for folder in {part.new.parent, *(each.parent for each in made)}:
        _sync(folder)


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder; returns what had to be made."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _copy(part: Part, *, verify: bool, stop: Event) -> None:
    with part.old.open("rb") as source, part.copy.open("xb") as target:
        before = os.fstat(source.fileno())
        digest = sha1(usedforsecurity=False)
        while chunk := source.read(_CHUNK):
            if stop.is_set():
                raise InterruptedError(part.copy.name)
            target.write(chunk)
            if verify:
                digest.update(chunk)
        target.flush()
        os.fchmod(target.fileno(), stat.S_IMODE(before.st_mode))
        os.fsync(target.fileno())
        after = os.fstat(source.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise BadCopy(f"{part.old.name} was written to while it was copied")
    if part.copy.stat().st_size != before.st_size:
        raise BadCopy(f"the copy of {part.old.name} has another size")
    if verify:
        if part.checksum is not None and digest.digest() != part.checksum:
            raise Changed(f"{part.old.name} is not the file that was uploaded: its checksum differs")
        if checksum_of(part.copy) != digest.digest():
            raise BadCopy(f"the copy of {part.old.name} has another checksum")
    os.utime(part.copy, ns=(before.st_atime_ns, before.st_mtime_ns))


def _name_copy(part: Part) -> None:
    """The copy stays beside its new name for as long as that could be anybody's."""
    try:
        os.link(part.copy, part.new)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        if os.path.lexists(part.new):
            raise FileExistsError(errno.EEXIST, "taken", str(part.new)) from None
        part.copy.rename(part.new)


def checksum_of(path: Path) -> bytes:
    """The SHA-1 of what is on the disk, as far as the system can be made to look there."""
    with path.open("rb") as file:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        digest = sha1(usedforsecurity=False)
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.digest()


def has_new_name(part: Part) -> bool:
    """Whether the file at the new name is this one, put there by a move."""
    if not os.path.lexists(part.new):
        return False
    if part.copy.exists():
        return part.copy.samefile(part.new)
    return part.old.is_file() and (part.old.samefile(part.new) or filecmp.cmp(part.old, part.new, shallow=False))


def arrived(part: Part) -> bool:
    """Whether the file is at its new name only: moved by somebody who did not get to the rows."""
    if os.path.lexists(part.old) or not part.new.is_file():
        return False
    return part.checksum is None or checksum_of(part.new) == part.checksum


def remove(path: Path, library: Path) -> None:
    """Take a name away, and folders below `library` that are empty then."""
    path.unlink(missing_ok=True)
    for folder in path.parents:
        if library not in folder.parents or not _remove_empty(folder):
            return


def _remove_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:  # it is not empty, or gone
        return False
    return True


def remove_empty_folders(library: Path) -> int:
    """Take away every empty folder below `library`; returns how many."""
    return sum(
        _remove_empty(Path(folder))
        for folder, _, _ in os.walk(library, topdown=False)
        if Path(folder) != library
    )  # fmt: skip


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a path leads to below a folder, links followed."""
    return Path(os.path.realpath(folder)) in Path(os.path.realpath(path)).parents


def free(candidates: Iterable[tuple[str, list[Path]]]) -> Iterator[tuple[str, list[Path]]]:
    """Those whose paths are all free."""
    return (each for each in candidates if not any(os.path.lexists(path) for path in each[1]))


def _sync(folder: Path) -> None:
    """Make the names in a folder last; file systems that cannot are left alone."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES}:
            raise
    finally:
        os.close(handle)
