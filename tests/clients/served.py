"""The server as a person starts it: `immich-host serve` in a process of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

from immich_host.testing.waiting import PATIENCE

READY = re.compile(r"is ready: (http\S+)")
START = 3 * PATIENCE


class ServedHost:
    """A running `immich-host serve` with fresh data on a free port."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.url = ""
        self._ready = threading.Event()
        environment = {key: value for key, value in os.environ.items() if not key.startswith("IMMICH_")}
        # two API processes, so that what one process does has to reach the clients of the other
        environment |= {"IMMICH_HOST_API_PROCESSES": "2", "IMMICH_HOST_WORK_PROCESSES": "2"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "immich_host", "serve", "--data", str(folder), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(START) or not self.url:
            self.stop()
            raise AssertionError("the server did not become ready:\n" + "\n".join(self.said))

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.said.append(line.rstrip())
            if match := READY.search(line):
                self.url = match[1]
                self._ready.set()
        self._ready.set()

    def complaints(self) -> list[str]:
        """Lines of the log that tell of an error."""
        return [line for line in self.said if re.search(r"\[(error|critical) *\]|Traceback", line)]

    def stop(self) -> int:
        """Press Ctrl-C; the exit code."""
        self._process.send_signal(signal.SIGINT)
        try:
            code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._reader.join(PATIENCE)
        assert self._process.stdout
        self._process.stdout.close()
        return code
