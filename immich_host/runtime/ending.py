"""How a process of the server is told to end: soon, or when another has taken its place and its work is done."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

import structlog

from immich_host.runtime.replacing import LEAVE, RENEW, SUPERVISOR

log = structlog.get_logger("app")

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
LEAVE_SECONDS: Final = 3600.0
"""How long an upload or a job that is under way may keep a replaced process."""
ALONE_SECONDS: Final = 60.0
"""The same where no other process takes over meanwhile."""


class Ending:
    """Create it in the process's event loop; `asked` is set when the process shall end, for whatever reason."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.is_leaving = False
        self.starts_again = False
        self._hurry = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(LEAVE, self._leave)

    def _stop(self) -> None:
        self.starts_again = False
        self._hurry.set()
        self.asked.set()

    def _leave(self) -> None:
        self.is_leaving = True
        self.asked.set()

    def renew(self, reason: str) -> None:
        """Have this process replaced: by the supervisor without a gap, else by itself."""
        log.info("a new process takes over", reason=reason)
        supervisor = os.environ.get(SUPERVISOR)
        if supervisor is None:
            self.starts_again = True
            self._leave()
            return
        try:
            os.kill(int(supervisor), RENEW)
        except ProcessLookupError:  # then this process is about to be stopped too
            log.warning("the supervisor has gone")

    async def pause(self, seconds: float) -> None:
        """Wait, unless told to stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()

    async def finish(self, tasks: Iterable[asyncio.Task[Any]], seconds: float) -> None:
        """Wait for tasks: `seconds` when told to stop; much longer when leaving, until told to stop after all."""
        left = set(tasks)
        if self.is_leaving and left:
            patience = ALONE_SECONDS if self.starts_again else LEAVE_SECONDS
            await self._until_done_or_hurried(left, patience)
        if left := {task for task in left if not task.done()}:
            await asyncio.wait(left, timeout=seconds)

    async def _until_done_or_hurried(self, tasks: set[asyncio.Task[Any]], seconds: float) -> None:
        hurry = asyncio.create_task(self._hurry.wait())
        done = asyncio.create_task(asyncio.wait(tasks))
        await asyncio.wait({hurry, done}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        done.cancel()

    def end(self) -> None:
        """The last thing that a process does: start again with the code that is installed now, if that was asked."""
        if self.starts_again:
            sys.stdout.flush()
            os.execv(sys.executable, [sys.executable, "-P", "-m", "immich_host", *sys.argv[1:]])  # noqa: S606
