import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from immich_host.runtime.merged_log import LONGEST_LINE, Lines, MergedLog
from immich_host.testing.waiting import PATIENCE


@pytest.fixture
def written(tmp_path: Path):
    """A file descriptor, and what was written to it so far."""
    path = tmp_path / "log"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    yield fd, path.read_bytes
    os.close(fd)


def test_people_read_names_before_lines(written):
    fd, text = written
    log = MergedLog(out=fd)
    log.say("ready")
    log.line("api.1", "grüße".encode())
    assert text().decode() == "serve    | ready\napi.1    | grüße\n"


def test_programs_read_one_object_per_line(written):
    fd, text = written
    log = MergedLog(as_json=True, out=fd)
    log.line("api.1", b'{"event":"seen","level":"debug"}')
    log.line("postgres", b"FATAL:  \xff")
    seen, plain = [json.loads(line) for line in text().splitlines()]
    assert seen == {"process": "api.1", "event": "seen", "level": "debug"}
    assert (plain["process"], plain["event"]) == ("postgres", "FATAL:  �")


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 (the event is in the loop's own reader)
            await asyncio.sleep(0)


async def test_lines_are_whole_however_they_arrive():
    seen: list[bytes] = []
    lines = Lines(seen.append)
    writer = lines.open()
    for chunk in (b"one\ntw", b"o\r\n", b"three"):
        os.write(writer, chunk)
        await asyncio.sleep(0)
    os.close(writer)
    await until(lambda: len(seen) == 3)
    assert seen == [b"one", b"two", b"three"]


async def test_an_endless_line_is_cut_so_that_memory_stays_small():
    seen: list[bytes] = []
    lines = Lines(seen.append)
    writer = lines.open()
    whole = b"x" * (2 * LONGEST_LINE)

    def write() -> None:
        rest = memoryview(whole)
        while rest:
            rest = rest[os.write(writer, rest) :]
        os.close(writer)

    await asyncio.to_thread(write)
    await until(lambda: sum(map(len, seen)) == len(whole))
    assert max(map(len, seen)) <= LONGEST_LINE + 65536


async def test_quiet_lines_are_kept_until_asked_for():
    seen: list[bytes] = []
    lines = Lines(seen.append)
    lines.quiet = True
    writer = lines.open()
    os.write(writer, b"starting\n")
    await until(lambda: bool(lines.kept))
    assert seen == []
    lines.show_kept()
    assert seen == [b"starting"]
    os.write(writer, b"after\n")
    os.close(writer)
    await until(lambda: len(seen) == 2)
    assert seen == [b"starting", b"after"]
