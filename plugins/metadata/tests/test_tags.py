import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from immich_host.runtime.binaries import Binaries
from immich_host.testing.waiting import PATIENCE
from immich_metadata.session import SessionDied
from immich_metadata.tags import TagReader

MakePhoto = Callable[..., Path]


async def test_tags_of_a_photo(reader: TagReader, photo: MakePhoto) -> None:
    path = photo("a.jpg", "-Make=Käse", "-ISO=200", "-Orientation#=6", "-ExposureTime=1/250", "-UserComment=1.50")
    tags = await reader.read(path)
    assert tags["Make"] == "Käse"
    assert tags["ISO"] == "200"
    assert tags["Orientation"] == "6"
    assert tags["ExposureTime"] == "1/250"
    assert tags["UserComment"] == "1.50"
    assert tags["ImageSize"] == "40x30"


@pytest.mark.parametrize(
    "name", ["spaces and 'quotes\".jpg", "ü 日本.jpg", "line\nbreak $a @b.jpg", "-execute.jpg", "#[CSTR].jpg"]
)
async def test_any_file_name_is_read(reader: TagReader, photo: MakePhoto, name: str) -> None:
    path = photo("plain.jpg", "-Make=X").rename(photo("x.jpg").with_name(name))
    assert (await reader.read(path))["Make"] == "X"


async def test_a_name_that_is_no_utf8(reader: TagReader, photo: MakePhoto) -> None:
    path = photo("plain.jpg", "-Make=X")
    odd = os.fsencode(path.parent) + b"/caf\xe9.jpg"
    os.rename(path, odd)  # noqa: PTH104 - the name is bytes
    assert (await reader.read(Path(os.fsdecode(odd))))["Make"] == "X"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.jpg", b""),
        ("noise.jpg", os.urandom(5000)),
        ("text.jpg", b"hello"),
        ("zeros.heic", bytes(5000)),
        ("half.mp4", b"\0\0\0\x18ftypmp42"),
    ],
)
async def test_damaged_files_have_no_camera(reader: TagReader, tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    tags = await reader.read(path)
    assert "Error" not in tags
    assert "Make" not in tags
    assert "DateTimeOriginal" not in tags


async def test_a_truncated_photo_keeps_its_tags(reader: TagReader, photo: MakePhoto) -> None:
    path = photo("a.jpg", "-Make=X", size=(640, 480))
    path.write_bytes(path.read_bytes()[:2000])
    assert (await reader.read(path))["Make"] == "X"


async def test_a_mislabelled_photo_is_read(reader: TagReader, photo: MakePhoto) -> None:
    path = photo("a.png", "-XMP:Make=X")
    assert (await reader.read(path.rename(path.with_suffix(".jpg"))))["ImageSize"] == "40x30"


async def test_a_missing_file_has_no_tags(reader: TagReader, tmp_path: Path) -> None:
    assert await reader.read(tmp_path / "none.jpg") == {}


async def test_reads_share_processes(reader: TagReader, photo: MakePhoto) -> None:
    path = photo("a.jpg", "-Make=X")
    for _ in range(3):
        await reader.read(path)
    assert reader.processes == 1
    found = await asyncio.gather(*(reader.read(path) for _ in range(3)))
    assert [tags["Make"] for tags in found] == ["X"] * 3
    assert reader.processes == 2  # more wait


async def test_a_dead_process_is_replaced(reader: TagReader, photo: MakePhoto) -> None:
    path = photo("a.jpg", "-Make=X")
    await reader.read(path)
    os.kill(_pid(reader), signal.SIGKILL)
    assert (await reader.read(path))["Make"] == "X"
    assert reader.processes == 1


async def test_when_all_processes_are_killed_nothing_is_lost(reader: TagReader, photo: MakePhoto) -> None:
    path = photo("a.jpg", "-Make=X")
    await asyncio.gather(*(reader.read(path) for _ in range(2)))
    dead = [session._process for session in reader._idle]
    assert len(dead) == 2
    for process in dead:
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
    assert (await reader.read(path))["Make"] == "X"


async def test_a_program_that_dies_each_time_is_no_file_without_tags(tmp_path: Path, photo: MakePhoto) -> None:
    program = tmp_path / "exiftool"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    reader = TagReader(program)
    with pytest.raises(SessionDied):
        await reader.read(photo("a.jpg", "-Make=X"))
    await reader.close()


async def test_a_silent_process_is_killed(programs: Binaries, photo: MakePhoto) -> None:
    assert programs.exiftool
    reader = TagReader(programs.exiftool, limit=3)
    path = photo("a.jpg", "-Make=X")
    await reader.read(path)
    os.kill(_pid(reader), signal.SIGSTOP)
    assert await reader.read(path) == {}
    assert reader.processes == 0
    assert (await reader.read(path))["Make"] == "X"
    await reader.close()


async def test_a_video_too_slow_with_its_tracks_is_read_without(programs: Binaries, photo: MakePhoto) -> None:
    assert programs.exiftool
    reader = TagReader(programs.exiftool, limit=3)
    path = photo("a.jpg", "-Make=X")
    await reader.read(path)
    os.kill(_pid(reader), signal.SIGSTOP)
    assert (await reader.read(path, embedded=True))["Make"] == "X"
    await reader.close()


async def test_closing_lets_a_read_finish(programs: Binaries, photo: MakePhoto) -> None:
    assert programs.exiftool
    reader = TagReader(programs.exiftool)
    reading = asyncio.create_task(reader.read(photo("a.jpg", "-Make=X")))
    await asyncio.sleep(0)
    await reader.close()
    assert (await reading)["Make"] == "X"
    assert reader.processes == 0


async def test_a_cancelled_read_ends_its_process(reader: TagReader, photo: MakePhoto) -> None:
    path = photo("a.jpg")
    await reader.read(path)
    pid = _pid(reader)
    os.kill(pid, signal.SIGSTOP)
    task = asyncio.create_task(reader.read(path))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert reader.processes == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_idle_processes_end(programs: Binaries, photo: MakePhoto) -> None:
    assert programs.exiftool
    reader = TagReader(programs.exiftool, idle=0)
    await reader.read(photo("a.jpg"))
    await asyncio.sleep(0.01)
    assert reader.processes == 0
    await reader.close()


def test_exiftool_does_not_outlive_a_killed_worker(programs: Binaries, photo: MakePhoto) -> None:
    program = (
        "import asyncio, sys, os, pathlib\n"
        "from immich_metadata.tags import TagReader\n"
        "async def main():\n"
        "    reader = TagReader(pathlib.Path(sys.argv[1]))\n"
        "    await reader.read(pathlib.Path(sys.argv[2]))\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", program, str(programs.exiftool), str(photo("a.jpg"))]
    path = os.pathsep.join(sys.path)
    watch, end = os.pipe()
    # exiftool inherits the pipe's end, so the pipe is over when its last holder is
    with subprocess.Popen(command, pass_fds=[end], env=os.environ | {"PYTHONPATH": path}) as worker:
        os.close(end)
        assert worker.wait(PATIENCE) == -signal.SIGKILL
        with os.fdopen(watch, "rb") as pipe:
            assert pipe.read() == b""


def _pid(reader: TagReader) -> int:
    (session,) = reader._idle
    assert session._process is not None
    return session._process.pid
