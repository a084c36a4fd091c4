"""Reading file tags: a small pool of exiftool processes."""

import asyncio
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any

import structlog
from exiftool.exceptions import ExifToolException

from immich_metadata.session import LIMIT_SECONDS, Session, SessionDied

IDLE_SECONDS = 15.0
"""An unused process is ended after this time."""

AT_ONCE = 2
"""Processes of one reader: reading is CPU work of 10 ms, each takes 17 MB, and one may be held up by a long video."""

_log = structlog.get_logger("metadata")


class TagReader:
    """Hands each read a process of its own; starts one when none is idle, up to a few, ends those that idle.

    Belongs to one event loop; `close` it when the plugin stops.
    """

    def __init__(self, program: Path, *, limit: float = LIMIT_SECONDS, idle: float = IDLE_SECONDS) -> None:
        self._program, self._limit, self._idle_seconds = program, limit, idle
        self._idle: list[Session] = []
        self._busy: set[Session] = set()
        self._free = asyncio.Semaphore(AT_ONCE)
        self._reaper: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def processes(self) -> int:
        """How many exiftool processes there are."""
        return len(self._idle) + len(self._busy)

    async def read(self, path: Path, *, embedded: bool = False) -> dict[str, Any]:
        """All tags of a file; a file that exiftool cannot read has none.

        After the death of a process the file is tried once more by a fresh one. A file for which
        exiftool needs longer than the limit is tried once more without its embedded tracks.

        Raises:
            SessionDied: A fresh process died as well, which says nothing about the file's tags.
            OSError: There is no exiftool.
        """
        for attempt in (1, 2):
            try:
                async with self._free:
                    tags = await self._read_once(path, embedded=embedded)
            except SessionDied as error:
                _log.warning("exiftool died", path=str(path), attempt=attempt, error=str(error))
                if attempt == 2:
                    raise
                self._end_idle()  # what killed one may have killed them all
            except TimeoutError as error:
                _log.warning("exiftool is too slow", path=str(path), embedded=embedded, error=str(error))
                if not embedded:
                    return {}
                embedded = False
            except (ExifToolException, TimeoutExpired, ValueError) as error:
                _log.warning("tags not readable", path=str(path), error=str(error) or type(error).__name__)
                return {}
            else:
                if reason := tags.pop("Error", None):
                    _log.warning("tags not readable", path=str(path), error=reason)
                return tags
        return {}

    async def close(self) -> None:
        """End all processes; one that reads a file ends after it."""
        self._closed = True
        if self._reaper is not None:
            self._reaper.cancel()
        self._end_idle()

    async def _read_once(self, path: Path, *, embedded: bool) -> dict[str, Any]:
        session = self._idle.pop() if self._idle else Session(self._program, self._limit)
        self._busy.add(session)
        work = asyncio.get_running_loop().run_in_executor(None, _read, session, path, embedded)
        try:
            tags = await asyncio.shield(work)
        except asyncio.CancelledError:
            session.kill()
            await asyncio.wait([work])
            work.exception()
            self._discard(session)
            raise
        except (SessionDied, TimeoutError, OSError):
            self._discard(session)
            raise
        except BaseException:
            self._give_back(session)
            raise
        self._give_back(session)
        return tags

    def _discard(self, session: Session) -> None:
        self._busy.discard(session)
        session.close()

    def _give_back(self, session: Session) -> None:
        self._busy.discard(session)
        if self._closed:
            session.close()
            return
        self._idle.append(session)
        if self._reaper is not None:
            self._reaper.cancel()
        self._reaper = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_idle)

    def _end_idle(self) -> None:
        self._reaper = None
        idle, self._idle = self._idle, []
        for session in idle:
            session.close()


def _read(session: Session, path: Path, embedded: bool) -> dict[str, Any]:
    if not session.running:
        session.run()
    return session.read(path, embedded=embedded)
