import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from immich_host.testing.waiting import PATIENCE


class Served:
    """A supervisor that runs as a process of its own, with what it has said so far."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        script = Path(__file__).with_name("supervised.py")
        self.said: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )

    def until(self, pattern: str) -> re.Match[str]:
        """Read on until a line fits; the match."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if match := re.search(pattern, line):
                return match
        raise AssertionError(f"never said {pattern!r}: {self.said}")

    def pid(self, name: str) -> int:
        """The process id that a stub has said last."""
        found = [re.search(rf"{re.escape(name)}.* runs as (\d+)", line) for line in self.said]
        return int([match[1] for match in found if match][-1])

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        assert self.process.stdout
        self.said += self.process.stdout.read().splitlines()
        return self.process.wait(PATIENCE)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    running: list[Served] = []

    def start(workers: int = 1, *options: str, **environment: str) -> Served:
        running.append(Served([str(tmp_path / "data"), str(workers), *options], environment))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()
        assert one.process.stdout
        one.process.stdout.close()


def gone(process_id: int, seconds: float = PATIENCE) -> bool:
    """Whether a process ends within some seconds (a zombie has ended)."""
    until = time.monotonic() + seconds
    while True:
        try:
            state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state in "ZX":
            return True
        if time.monotonic() > until:
            return False
        time.sleep(0.01)


@pytest.fixture
def ends() -> Callable[..., bool]:
    return gone
