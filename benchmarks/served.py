"""A real `immich-host serve` in a folder of its own, with the CPU time and memory of each of its processes.

Reads /proc, so Linux only.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

READY = "immich-host is ready: "
TICKS = os.sysconf("SC_CLK_TCK")


class Served:
    """A running server; `ready_after` and `stopped_after` are seconds."""

    def __init__(self, folder: Path) -> None:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # who stops a benchmark stops its server
        self._begin = time.perf_counter()
        command = [sys.executable, "-P", "-m", "immich_host", "serve", "--data", str(folder), "--port", "0"]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("IMMICH_HOST_")}
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        self.url = self._wait_for_url()
        self.ready_after = time.perf_counter() - self._begin
        self.stopped_after = 0.0
        self.token = ""
        threading.Thread(target=self._read_on, daemon=True).start()

    def _wait_for_url(self) -> str:
        assert self._process.stdout
        seen: list[str] = []
        for line in self._process.stdout:
            seen.append(line)
            if READY in line:
                return line.split(READY)[1].strip()
        raise SystemExit("the server did not start:\n" + "".join(seen[-30:]))

    def _read_on(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            if "error" in line or "warning" in line:
                print(line, end="", file=sys.stderr)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that a path below `/api` answers."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(f"{self.url}/api{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def sign_in(self) -> str:
        """Make the admin, of a server that is new, and sign in; the token."""
        account = {"email": "admin@host.test", "password": "correct horse", "name": "Admin"}
        if not self.call("GET", "/server/config")["isInitialized"]:
            self.call("POST", "/auth/admin-sign-up", account)
        self.token = self.call("POST", "/auth/login", account)["accessToken"]
        return self.token

    def stop(self) -> None:
        """As Ctrl-C does."""
        begin = time.perf_counter()
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)
        self.stopped_after = time.perf_counter() - begin

    def processes(self) -> dict[int, str]:
        """The role of each process of the server, by its id."""
        parents: dict[int, int] = {}
        for path in Path("/proc").glob("[0-9]*"):
            if (fields := _stat(int(path.name))) is not None:
                parents[int(path.name)] = int(fields[1])
        ours = {self._process.pid: "supervisor"}
        more = True
        while more:
            found = {pid: _role(pid) for pid, parent in parents.items() if parent in ours and pid not in ours}
            more = bool(found)
            ours |= found
        return ours

    def cpu(self) -> dict[str, float]:
        """CPU seconds used so far by role, processes that have ended and were waited for included."""
        seconds: dict[str, float] = {}
        for pid, role in self.processes().items():
            seconds[role] = seconds.get(role, 0.0) + cpu_of(pid)
        return seconds

    def memory(self) -> dict[str, tuple[int, float]]:
        """Processes and their MB by role; shared pages are divided among those that share them (PSS)."""
        amounts: dict[str, tuple[int, float]] = {}
        for role, more in self.memory_each():
            number, size = amounts.get(role, (0, 0.0))
            amounts[role] = number + 1, size + more
        return amounts

    def memory_each(self) -> list[tuple[str, float]]:
        """Role and MB (PSS) of each process."""
        held: list[tuple[str, float]] = []
        for pid, role in self.processes().items():
            try:
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            held.append((role, int(text.split("\nPss:")[1].split()[0]) / 1024))
        return held


def _stat(pid: int) -> list[str] | None:
    """The fields after the name: state, parent, ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and of its ended children; 0 for one that is gone."""
    fields = _stat(pid)
    return 0.0 if fields is None else sum(map(int, fields[11:15])) / TICKS


def idle_seconds() -> float:
    """How long the machine's cores have been idle, or waiting for a disk, in all."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return (int(fields[4]) + int(fields[5])) / TICKS


def _role(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return "gone"
    text = " ".join(words)
    for role in ("exiftool", "valkey", "postgres", "ffmpeg", "ffprobe"):
        if role in text.split(" --dir")[0].split(" -D ")[0]:
            return role
    if "immich_host" in words:
        return {"work": "worker"}.get(words[words.index("immich_host") + 1], words[words.index("immich_host") + 1])
    return words[0] or "gone"


def minus(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """What was added by role."""
    return {role: value - before.get(role, 0.0) for role, value in after.items()}


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """A server that is signed in to."""
    server = Served(folder)
    try:
        server.sign_in()
        yield server
    finally:
        server.stop()
