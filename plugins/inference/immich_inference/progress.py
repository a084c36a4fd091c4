"""How far downloads are, in files beside them, so that every process can say so."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import structlog

from immich_inference.layout import clean_name

log = structlog.get_logger("inference")

STAGING = ".downloads"
WRITE_SECONDS = 1.0
STALE_SECONDS = 60.0
"""A download that has said nothing for so long is not under way."""


@dataclass(frozen=True, slots=True)
class DownloadState:
    """How far a download is.

    Args:
        task: What the model is for.
        model: Its name.
        done: Bytes.
        total: Bytes; 0 while it is not known.
        error: Why it has failed; empty while it goes on.
        at: Seconds since the epoch.
    """

    task: str
    model: str
    done: int = 0
    total: int = 0
    error: str = ""
    at: float = 0.0

    @property
    def is_under_way(self) -> bool:
        """Whether somebody is at it now."""
        return not self.error and time.time() - self.at < STALE_SECONDS


_UNWRITTEN: dict[Path, DownloadState] = {}
"""What could not be written."""


def staging_of(folder: Path, task: str, model: str) -> Path:
    """Where a model's files grow."""
    return folder / STAGING / task / clean_name(model)


def states(folder: Path) -> list[DownloadState]:
    """Downloads that go on or have failed."""
    found = (_read(file) for file in sorted((folder / STAGING).glob("*/*.json")))
    return [each for each in found if each is not None]


def state_of(folder: Path, task: str, model: str) -> DownloadState | None:
    """What is known of one download."""
    file = _file(folder, task, model)
    return _UNWRITTEN.get(file) or _read(file)


def note(folder: Path, task: str, model: str, state: DownloadState | None) -> None:
    """Keep what is known of a download; None: it is done, or given up.

    Where it cannot be written, as on a full disk, this process knows it still.
    """
    file = _file(folder, task, model)
    _UNWRITTEN.pop(file, None)
    try:
        _write(file, state)
    except OSError as error:
        log.warning("how a download is cannot be written", file=str(file), error=str(error))
        if state is not None:
            _UNWRITTEN[file] = state


def _write(file: Path, state: DownloadState | None) -> None:
    if state is None:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_bytes(orjson.dumps(asdict(state)))
    fresh.replace(file)


type Tell = Callable[[DownloadState], Awaitable[None]]


async def to_nobody(_: DownloadState) -> None:
    """Nobody is told."""


class Report:
    """Tells of one download while it goes on."""

    def __init__(self, folder: Path, task: str, model: str, tell: Tell) -> None:
        self._folder, self._task, self._model, self._tell = folder, task, model, tell
        self._files = self._within = self._total = 0
        self._written = 0.0

    async def begin(self, total: int) -> None:
        """Its size is known."""
        self._total = total
        await self._say(force=True)

    async def within_file(self, done: int) -> None:
        """So many bytes of the file at hand are there."""
        self._within = done
        await self._say()

    async def file_done(self, size: int) -> None:
        """A file is there."""
        self._files, self._within = self._files + size, 0
        await self._say()

    async def failed(self, reason: str) -> None:
        """It goes no further."""
        await self._say(reason, force=True)

    async def _say(self, error: str = "", *, force: bool = False) -> None:
        now = time.time()
        done = self._files + self._within
        state = DownloadState(self._task, self._model, done, self._total, error, now)
        await self._tell(state)
        if force or now - self._written > WRITE_SECONDS:
            self._written = now
            note(self._folder, self._task, self._model, state)


def _file(folder: Path, task: str, model: str) -> Path:
    staging = staging_of(folder, task, model)
    return staging.with_name(f"{staging.name}.json")


def _read(file: Path) -> DownloadState | None:
    try:
        return DownloadState(**orjson.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
