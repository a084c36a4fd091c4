"""Unix sockets of the embedded servers: short paths in folders that only we may enter."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

# the kernel's limit is 104 bytes on macOS and 108 on Linux; the longest name we add is 20
LONGEST_FOLDER = 80


def socket_folder(folder: Path) -> Path:
    """Where a server that keeps its data in `folder` puts its socket.

    The folder itself, or one in the system's temporary folder when that path is too long. The
    answer is the same in every process of the same user.
    """
    if len(os.fsencode(folder)) <= LONGEST_FOLDER:
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    # the usual folder first: macOS's own for each user is long in itself
    parent = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())  # noqa: S108
    return parent / f"immich-host-{os.geteuid()}-{name}"


def make_private(folder: Path) -> None:
    """Create the folder for this user alone; refuses one that somebody else has put there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), *_lent(found)):
        raise RuntimeError(f"{folder} belongs to somebody else; remove it")
    folder.chmod(0o700)


def _lent(found: os.stat_result) -> tuple[int, ...]:
    # root hands folders to the user that a server runs as
    return (found.st_uid,) if os.geteuid() == 0 and found.st_uid != 0 else ()
