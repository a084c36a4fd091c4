"""One log of many processes: each line under the name of the process that wrote it."""

import asyncio
import json
import os
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

LONGEST_LINE = 256 * 1024
NAME_WIDTH = 8
ME = "serve"


class MergedLog:
    """Writes lines to standard output, as text with a prefix or as JSON with a key `process`."""

    def __init__(self, as_json: bool = False, out: int = 1) -> None:
        """`out` is the file descriptor to write to."""
        self.as_json = as_json
        self.out = out

    def say(self, event: str, level: str = "info") -> None:
        """A line of the supervisor's own."""
        if self.as_json:
            self._write(_as_json(ME, event, level))
        else:
            self._write(f"{ME:<{NAME_WIDTH}} | {event}".encode())

    def line(self, process: str, text: bytes) -> None:
        """A line that a process wrote."""
        if not self.as_json:
            self._write(f"{process:<{NAME_WIDTH}} | ".encode() + text)
        elif text.startswith(b'{"') and text.endswith(b"}"):
            self._write(b'{"process":' + json.dumps(process).encode() + b"," + text[1:])
        else:
            self._write(_as_json(process, text.decode(errors="replace"), "info"))

    def _write(self, line: bytes) -> None:
        rest = memoryview(line + b"\n")
        try:
            while rest:
                rest = rest[os.write(self.out, rest) :]
        except OSError as problem:
            # whoever read the log has gone; serving goes on without one
            self.out = os.open(os.devnull, os.O_WRONLY)
            with suppress(OSError):  # standard error has mostly gone the same way, and a signal must still stop us
                print(f"the log has no reader any more: {problem}", file=sys.stderr)  # noqa: T201


class Lines:
    """Reads the output of one process (and of its successors), whole line by whole line.

    While `quiet` is set, lines are kept (the last 30) instead of passed on; `show_kept` passes
    them on after all.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        """`write` gets each line without its end."""
        self.write = write
        self.quiet = False
        self.kept: deque[bytes] = deque(maxlen=30)
        self.started = b""

    def open(self) -> int:
        """Make a pipe and read it from now on; the caller hands the answer out and closes it."""
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        asyncio.get_running_loop().add_reader(reader, self._read, reader)
        return writer

    def show_kept(self) -> None:
        """Pass on what was kept back, and all that still comes."""
        self.quiet = False
        while self.kept:
            self.write(self.kept.popleft())

    def _read(self, reader: int) -> None:
        try:
            data = os.read(reader, 65536)
        except BlockingIOError:
            return
        if not data:
            asyncio.get_running_loop().remove_reader(reader)
            os.close(reader)
        *lines, self.started = (self.started + data).split(b"\n")
        if self.started and (not data or len(self.started) > LONGEST_LINE):
            lines.append(self.started)
            self.started = b""
        for line in lines:
            (self.kept.append if self.quiet else self.write)(line.rstrip(b"\r"))


def _as_json(process: str, event: str, level: str) -> bytes:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = {"process": process, "event": event, "level": level, "timestamp": now}
    return json.dumps(line, ensure_ascii=False).encode()
