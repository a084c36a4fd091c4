"""One exiftool process kept open: pyexiftool's session, safe against death, silence and threads."""

import json
import os
import selectors
import subprocess
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import exiftool

LIMIT_SECONDS = 120.0
"""Longest time for one file."""

_ARGUMENTS = ("-use", "MWG", "-struct", "-api", "largefilesupport=1")
_NUMERIC = (
    *("-Orientation#", "-Rotation#", "-FocalLength#", "-Duration#", "-FileSize#"),
    *("-GPSLatitude#", "-GPSLongitude#"),
)


class SessionDied(RuntimeError):
    """The exiftool process ended, or was killed, in the middle of a request."""


class Session(exiftool.ExifTool):
    """A pyexiftool session whose requests end: with an answer, with a deadline, or with the process.

    pyexiftool's own `execute` reads a dead process's pipes for ever, and its `run` forks with a
    `preexec_fn`, which is unsafe beside threads; both are replaced here. Not safe for two threads
    at once: `TagReader` hands a session to one reader at a time.
    """

    def __init__(self, program: Path, limit: float = LIMIT_SECONDS) -> None:
        super().__init__(str(program), common_args=list(_ARGUMENTS), encoding="utf-8")
        # numbers stay text, so that a description "1.50" or a serial number keeps its digits
        self.set_json_loads(json.loads, parse_int=str, parse_float=str)
        self._limit = limit
        self._numbers = count(1)

    @property
    def running(self) -> bool:
        """Whether the process was started and not closed; a dead one is found out by the next request."""
        return self._process is not None

    def run(self) -> None:
        """Start the process; returns at once."""
        config = str(Path(__file__).with_name("session.pl"))
        options = ["-stay_open", "True", "-@", "-", "-common_args", *(self.common_args or [])]
        self._process = subprocess.Popen(
            [self.executable, "-config", config, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._running = True

    def kill(self) -> None:
        """End the process now; a read that goes on in another thread raises SessionDied."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """Kill the process, wait for it and close its pipes."""
        process, self._process, self._running = self._process, None, False
        if process is not None:
            process.kill()
            with process, suppress(BrokenPipeError):
                if process.stdin is not None:
                    process.stdin.close()  # what a dead process has not read is still to be written

    def execute(self, *params: str | bytes, raw_bytes: bool = False) -> Any:
        """Send one command and return what it printed (text, or bytes with `raw_bytes`).

        Raises:
            SessionDied: The process ended before it answered.
            TimeoutError: No answer within the limit; the process is killed.
        """
        if self._process is None or self._process.stdin is None:
            raise SessionDied("exiftool is not running")
        number = next(self._numbers)
        lines = [item if isinstance(item, bytes) else os.fsencode(item) for item in params]
        lines += [b"-echo4", f"=${{status}}=post{number}".encode(), f"-execute{number}\n".encode()]
        try:
            self._process.stdin.write(b"\n".join(lines))
            self._process.stdin.flush()
        except OSError as error:
            raise SessionDied(f"exiftool has ended: {error}") from error
        out, err = self._answer(f"{{ready{number}}}".encode(), f"post{number}".encode())
        errors, _, status = err.rstrip(b"=").rpartition(b"=")
        printed = out if raw_bytes else out.decode("utf-8", "replace")
        self._last_stdout = printed if isinstance(printed, str) else None
        self._last_stderr = errors.decode("utf-8", "replace")
        self._last_status = int(status or 0)
        return printed

    def read(self, path: Path, *, embedded: bool = False) -> dict[str, Any]:
        """All tags of a file, names without groups; `embedded` also reads the tracks of a video."""
        wanted = [*(("-ee",) if embedded else ()), *_NUMERIC, "-all"]
        raw = os.fsencode(path)
        # the argument file has one path a line and no way to write a line break in it
        if b"\n" in raw or b"\r" in raw:
            return self._read_alone(wanted, path)
        found = self.execute_json(*wanted, raw)
        return found[0] if found else {}

    def _read_alone(self, wanted: list[str], path: Path) -> dict[str, Any]:
        command = [self.executable, "-j", *_ARGUMENTS, *wanted, path]
        done = subprocess.run(command, capture_output=True, timeout=self._limit, check=False)
        if done.returncode < 0:
            raise SessionDied(f"exiftool ended with status {done.returncode}")
        found = json.loads(done.stdout or b"[]", parse_int=str, parse_float=str)
        return found[0] if found else {}

    def _answer(self, ready: bytes, post: bytes) -> tuple[bytes, bytes]:
        process = self._process
        if process is None or process.stdout is None or process.stderr is None:
            raise SessionDied("exiftool is not running")
        deadline = time.monotonic() + self._limit
        waiting = {process.stdout.fileno(): (bytearray(), ready), process.stderr.fileno(): (bytearray(), post)}
        buffers = [buffer for buffer, _ in waiting.values()]
        with selectors.DefaultSelector() as selector:
            for descriptor in waiting:
                selector.register(descriptor, selectors.EVENT_READ)
            while waiting:
                left = deadline - time.monotonic()
                if left <= 0:
                    process.kill()
                    raise TimeoutError(f"exiftool gave no answer for {self._limit:g} s")
                for key, _ in selector.select(left):
                    if not (chunk := os.read(key.fd, 1 << 16)):
                        raise SessionDied(f"exiftool ended with status {process.poll()}")
                    buffer, end = waiting[key.fd]
                    buffer += chunk
                    if buffer.rstrip().endswith(end):
                        selector.unregister(key.fd)
                        del waiting[key.fd]
        out, err = (bytes(buffer).rstrip() for buffer in buffers)
        return out.removesuffix(ready), err.removesuffix(post)
