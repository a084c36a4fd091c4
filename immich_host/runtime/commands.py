"""What it takes to start a program: `Command`, and how to give up root for it."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launch.py")


class ProgramEnded(RuntimeError):
    """A program ended when it should not have; the message says which and how."""


@dataclass(frozen=True)
class Command:
    """A program with all that it is started with.

    `death_signal` is what it receives when the starting process dies, however that dies; `who` is
    `self`, `namespace` or `UID:GID` (see launch.py).
    """

    program: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    folder: Path | None = None
    pass_fds: tuple[int, ...] = ()
    death_signal: signal.Signals = signal.SIGTERM
    who: str = "self"

    def wrapped(self) -> list[str]:
        """The argument list with the launcher in front."""
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER)]
        setup = [str(os.getpid()), str(int(self.death_signal)), self.who]
        return [*launcher, *setup, *self.program]

    def full_environment(self) -> dict[str, str]:
        """The environment of this process with the command's own values on top."""
        return {**os.environ, **self.environment}


def popen(command: Command, output: int | None = None) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, with no input.

    `output` is a file descriptor for both output streams. Call it on a thread that lives as long
    as the program shall: on Linux the death signal comes when the starting *thread* ends.
    """
    return subprocess.Popen(
        command.wrapped(),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=command.folder,
        env=command.full_environment(),
        pass_fds=command.pass_fds,
        start_new_session=True,
    )


def run(command: Command, given: bytes = b"") -> None:
    """Run a short command to its end; raises ProgramEnded with its output when it fails."""
    done = subprocess.run(
        command.wrapped(),
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=command.folder,
        env=command.full_environment(),
        check=False,
    )
    if done.returncode != 0:
        name = Path(command.program[0]).name
        text = done.stdout.decode(errors="replace").strip()[-2000:]
        raise ProgramEnded(f"{name} ended with {done.returncode}: {text}")


@cache
def namespace_works() -> bool:
    """Whether this process may make a user namespace (containers often forbid it)."""
    if sys.platform != "linux":
        return False
    try:
        run(Command(("true",), who="namespace"))
    except ProgramEnded:
        return False
    return True
