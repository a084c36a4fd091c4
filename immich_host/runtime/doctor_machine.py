"""What the doctor asks of the machine: folders, room on the disk, the port."""

import os
import shutil
from pathlib import Path

from immich_host.runtime.listening import PortTaken, listen
from immich_host.runtime.locks import FolderLock


def folder(path: Path) -> tuple[bool, str]:
    """Whether the folder can be written (or be created), and advice."""
    existing = _existing(path)
    if not existing.is_dir():
        return False, f"{existing} is not a folder"
    fine = os.access(existing, os.W_OK | os.X_OK)
    return fine, f"make {existing} writable for this user, or choose another folder"


def disk(path: Path) -> float:
    """Free room where the folder is or will be, in GB."""
    return shutil.disk_usage(_existing(path)).free / 1e9


def port(host: str, number: int, data: Path) -> str | None:
    """What is wrong with listening there; None when it is free, or taken by this very server."""
    if FolderLock(data).held():
        return None
    try:
        listen(host, number).close()
    except PortTaken as problem:
        return str(problem)
    except OSError as problem:
        return f"cannot listen on {host}: {problem.strerror}; choose another with --host or --port"
    return None


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)
