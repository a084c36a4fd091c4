"""One process that is kept running: started again whenever it ends before it should."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from immich_host.runtime.commands import Command
from immich_host.runtime.merged_log import Lines, MergedLog
from immich_host.runtime.replacing import READY, ReadyPipe

QUICK_END = 5.0
LONGEST_PAUSE = 10.0
NEXT_LOOK = 0.01
UNUSABLE = 78
"""Exit code of a process that will always end as long as its settings, or what they name, are as they are."""


class Program(Protocol):
    """What a child runs; `Postgres` and `Valkey` are programs."""

    name: str
    stop_signal: signal.Signals
    kill_signal: signal.Signals

    def prepare(self) -> None:
        """All that comes before the start; may block."""
        ...

    def command(self) -> Command:
        """How to start it."""
        ...

    def started(self) -> None:
        """It has been started."""
        ...

    def ready(self) -> bool:
        """Whether it does its work."""
        ...


@dataclass
class PlainProgram:
    """A program that needs no preparation and counts as ready once it is started."""

    name: str
    run: Command
    stop_signal: signal.Signals = signal.SIGTERM
    kill_signal: signal.Signals = signal.SIGKILL

    def prepare(self) -> None:
        """Nothing to prepare."""

    def command(self) -> Command:
        """How to start it."""
        return self.run

    def started(self) -> None:
        """Nothing to let go of."""

    def ready(self) -> bool:
        """At once."""
        return True


@dataclass
class ReplaceableProgram(PlainProgram):
    """A process of the server: it says itself when it is ready, so that another may make way for it."""

    _pipe: ReadyPipe = field(default_factory=ReadyPipe, init=False)

    def again(self) -> "ReplaceableProgram":
        """The same for a second process beside this one."""
        return replace(self)

    def prepare(self) -> None:
        """Make the pipe on which it will say so."""
        self._pipe.open()

    def command(self) -> Command:
        """How to start it, with that pipe."""
        number = self._pipe.fd
        environment = {**self.run.environment, READY: str(number)}
        return replace(self.run, environment=environment, pass_fds=(*self.run.pass_fds, number))

    def started(self) -> None:
        """Let go of the process's end of the pipe."""
        self._pipe.started()

    def ready(self) -> bool:
        """Once it has said so."""
        return self._pipe.is_ready()


class Child:
    """Keeps one program running until `stop`.

    `ready` is set while the program does its work. `failures` counts the ends in a row that came
    soon after the start; each makes the pause before the next start longer, up to 10 s.
    """

    def __init__(
        self, program: Program, log: MergedLog, keep_open: Sequence[int] = (), quiet_start: bool = False
    ) -> None:
        """`keep_open` are file descriptors that the process inherits.

        With `quiet_start` what it writes while starting and stopping is shown only if that fails.
        """
        self.program = program
        self.log = log
        self.keep_open = tuple(keep_open)
        self.quiet_start = quiet_start
        self.ready = asyncio.Event()
        self.failures = 0
        self.process: asyncio.subprocess.Process | None = None
        self.on_failure: Callable[[Child], None] = lambda _child: None
        self.lines = Lines(lambda text: log.line(program.name, text))
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | asyncio.Task[int] | None = None

    def start(self) -> None:
        """Begin to keep it running."""
        self._task = asyncio.create_task(self._keep_running(), name=self.program.name)

    async def once(self) -> int:
        """Run it to its end instead; the exit code, negative for a signal."""
        running = asyncio.create_task(self._run_once(), name=self.program.name)
        self._task = running
        await asyncio.wait({running})  # unlike a plain await this leaves it alone when cancelled
        return running.result()

    async def stop(self, patience: float) -> None:
        """Ask it to end; after `patience` seconds make it end, with all that it has started."""
        self._stopping.set()
        self.lines.quiet = self.quiet_start
        if self._task is None:
            return
        self.signal(self.program.stop_signal)
        done, _ = await asyncio.wait({self._task}, timeout=patience)
        if not done and self.process:
            self.log.say(f"{self.program.name} does not end by itself", "warning")
            self.kill()
            await asyncio.wait({self._task}, timeout=1.0)

    async def leave(self, number: signal.Signals) -> None:
        """Tell it by a signal that another has taken its place, and wait until it has done its work; no new start."""
        self._stopping.set()
        self.signal(number)
        if self._task:
            await asyncio.wait({self._task})

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it runs."""
        if self.process and self.process.returncode is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """End it at once."""
        self._stopping.set()
        self.signal(self.program.kill_signal)

    async def _keep_running(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                code = await self._run_once()
            except (RuntimeError, OSError) as problem:
                self.log.say(f"{self.program.name} cannot start: {problem}", "error")
            else:
                if not self._stopping.is_set():
                    self.log.say(f"{self.program.name} ended ({_how(code)}); starting it again", "warning")
            if self._stopping.is_set():
                return
            quick = time.monotonic() - began < QUICK_END
            self.failures = self.failures + 1 if quick else 0
            self.on_failure(self)
            await self._pause(min(LONGEST_PAUSE, 0.1 * 2**self.failures) if self.failures > 1 else 0)

    async def _run_once(self) -> int:
        """Start it and wait for its end; the exit code, negative for a signal."""
        await asyncio.to_thread(self.program.prepare)
        self.lines.quiet = self.quiet_start
        if self._stopping.is_set():
            self.program.started()
            return 0
        self.process = await self._spawn()
        if self._stopping.is_set():  # asked meanwhile, when there was no process to tell
            self.signal(self.program.stop_signal)
        ended = asyncio.create_task(self.process.wait())
        while not ended.done() and not self.program.ready():
            await asyncio.wait({ended}, timeout=NEXT_LOOK)
        if not ended.done():
            self.ready.set()
            self.lines.quiet = False
            self.lines.kept.clear()
        code = await ended
        self.ready.clear()
        self._kill_group()
        if code != 0 and not self._stopping.is_set():
            self.lines.show_kept()
        return code

    async def _spawn(self) -> asyncio.subprocess.Process:
        command = self.program.command()
        output = self.lines.open()
        try:
            return await asyncio.create_subprocess_exec(
                *command.wrapped(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=command.folder,
                env=command.full_environment(),
                pass_fds=(*command.pass_fds, *self.keep_open),
                start_new_session=True,
            )
        finally:
            os.close(output)
            self.program.started()

    def _kill_group(self) -> None:
        """What a process started itself (ffmpeg, say) ends with it."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
