"""Where files lie. Rows hold paths relative to the media root; everything else speaks absolute ones."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from glob import escape
from pathlib import Path
from typing import Final, Literal
from uuid import UUID, uuid4

import structlog

type Folder = Literal["upload", "library", "thumbs", "encoded-video", "profile", "backups"]

type Derived = Literal["thumbs", "encoded-video"]

FOLDERS: Final[tuple[Folder, ...]] = ("upload", "library", "thumbs", "encoded-video", "profile", "backups")
DERIVED: Final[tuple[Derived, ...]] = ("thumbs", "encoded-video")
MARKER: Final = ".immich"
INCOMING: Final = "incoming"

log = structlog.get_logger("media")


class BadPath(ValueError):
    """A path that leads out of the media root, or is not allowed in a row."""


class RootUnusable(RuntimeError):
    """The media root cannot be written or read; the message says which file."""


class MediaPaths:
    """The media root and the layout below it.

    The six folders may themselves be links to other disks; nothing below them may lead outside.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self._allowed: tuple[str, ...] = ()
        self._learn_folders()

    def _learn_folders(self) -> None:
        tops = [self.root, *(self.root / name for name in FOLDERS)]
        self._allowed = tuple(dict.fromkeys(os.path.realpath(top) + os.sep for top in tops))

    def prepare(self) -> None:
        """Create the six folders with their marker files, and check that each can be written and read.

        Raises:
            RootUnusable: A folder or its marker cannot be created, read or written.
        """
        for name in FOLDERS:
            marker = self.root / name / MARKER
            try:
                marker.parent.mkdir(parents=True, exist_ok=True)
                with marker.open("a+b") as file:
                    file.seek(0)
                    file.read(1)
            except OSError as error:
                msg = f"the media folder cannot be used: {marker} ({error.strerror})"
                raise RootUnusable(msg) from error
        (self.root / INCOMING).mkdir(exist_ok=True)
        self._learn_folders()

    def absolute(self, stored: str, *, external: bool = False) -> Path:
        """The file that a row names.

        Args:
            stored: The path in the row: relative to the root, absolute only for external files.
            external: The row is of an external library, whose files lie where they are.

        Raises:
            BadPath: The path leads out of the media root.
        """
        if external and stored.startswith(os.sep):
            return Path(stored)
        if not stored or "\0" in stored or stored.startswith(os.sep) or ".." in stored.split("/"):
            raise BadPath(stored)
        path = self.root / stored
        self._check_inside(path)
        return path

    def shown(self, stored: str) -> str:
        """The absolute path as the API shows it; no look at the disk."""
        return stored if stored.startswith(os.sep) else f"{self.root}{os.sep}{stored}"

    def relative(self, path: Path) -> str:
        """What a row holds for a file under the root.

        Raises:
            BadPath: The file is not under the media root.
        """
        try:
            stored = path.relative_to(self.root)
        except ValueError:
            raise BadPath(str(path)) from None
        if ".." in stored.parts or not stored.parts:
            raise BadPath(str(path))
        self._check_inside(path)
        return stored.as_posix()

    def _check_inside(self, path: Path) -> None:
        if not os.path.realpath(path).startswith(self._allowed):
            raise BadPath(str(path))

    def upload(self, owner_id: UUID, suffix: str) -> Path:
        """A fresh `upload/<owner>/<aa>/<bb>/<uuid><suffix>`."""
        return self._sharded("upload", owner_id, f"{uuid4()}{suffix}")

    def derived(self, folder: Derived, owner_id: UUID, name: str) -> Path:
        """`<folder>/<owner>/<aa>/<bb>/<name>`, sharded by the first four characters of `name`."""
        return self._sharded(folder, owner_id, name)

    def derived_of(self, folder: Derived, owner_id: UUID, asset_id: UUID) -> list[Path]:
        """The files in a folder of derived files whose names begin with an asset's id, half written ones too."""
        beside = self._sharded(folder, owner_id, str(asset_id)).parent
        return [path for dot in ("", ".") for path in beside.glob(f"{dot}{asset_id}*") if path.is_file()]

    def profile(self, owner_id: UUID, suffix: str) -> Path:
        """A fresh `profile/<owner>/<uuid><suffix>`."""
        return self.root / "profile" / str(owner_id) / f"{uuid4()}{suffix}"

    def _sharded(self, folder: Folder, owner_id: UUID, name: str) -> Path:
        if "/" in name or "\0" in name or name.startswith("."):
            raise BadPath(name)
        return self.root / folder / str(owner_id) / name[0:2] / name[2:4] / name

    @asynccontextmanager
    async def writing(self, target: Path) -> AsyncIterator[Path]:
        """A temporary path beside `target`; moved onto it when the block ends well, else removed.

        The temporary name keeps the target's suffix, for programs that choose a format by it. What a writer
        of the same target left there when it was killed is removed first.
        """
        self._check_inside(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f".{escape(target.stem)}.{'[0-9a-f]' * 32}{escape(target.suffix)}"):
            left.unlink(missing_ok=True)
        temporary = target.with_name(f".{target.stem}.{uuid4().hex}{target.suffix}")
        try:
            yield temporary
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def move(source: Path, target: Path) -> None:
    """Move a file and make the new name last; across file systems it is copied first. Blocking."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != 18:  # EXDEV: a folder is a link to another disk
            raise
        _copy_over(source, target)
    sync_folder(target.parent)


def _copy_over(source: Path, target: Path) -> None:
    beside = target.with_name(f".{target.stem}.{uuid4().hex}{target.suffix}")
    try:
        shutil.copy2(source, beside)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    source.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut; file systems that cannot are left alone. Blocking."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        log.debug("folder cannot be opened to be synced", folder=str(folder), error=str(error))
        return
    try:
        os.fsync(handle)
    except OSError as error:
        log.debug("folder cannot be synced", folder=str(folder), error=str(error))
    finally:
        os.close(handle)
