"""The process: its priority, its end, and how it dies with whoever started it."""

import asyncio
import os
import sys

import pytest

from immich_host.testing.waiting import PATIENCE
from immich_transcode import running

from .conftest import X264


async def _nothing(progress: running.Progress) -> None:
    """Watches nothing."""


async def test_it_runs_at_low_priority_and_ends_with_what_its_watch_raises(programs, clip, tmp_path, monkeypatch):
    class Enough(Exception):
        pass

    started: list[asyncio.subprocess.Process] = []
    start = running.start

    async def remembered(*arguments):
        started.append(await start(*arguments))
        return started[0]

    async def watch(progress):
        assert os.getpriority(os.PRIO_PROCESS, started[0].pid) == running.NICENESS
        raise Enough

    monkeypatch.setattr(running, "start", remembered)
    words = ["-nostdin", "-progress", "pipe:1", "-stream_loop", "-1", "-re", "-i", str(clip("a.mp4", *X264))]
    with pytest.raises(Enough):
        await running.run(programs.ffmpeg, [*words, "-f", "null", "-"], tmp_path, watch, stall=60)
    assert started[0].returncode is not None


async def test_a_full_disk_is_no_fault_of_the_file(programs, clip, tmp_path):
    words = ["-nostdin", "-v", "error", "-progress", "pipe:1", "-i", str(clip("a.mp4", *X264)), "-c", "copy"]
    with pytest.raises(running.Failed) as raised:
        await running.run(programs.ffmpeg, [*words, "-f", "mpegts", "-y", "/dev/full"], tmp_path, _nothing, stall=60)
    assert raised.value.is_no_fault_of_the_file


async def test_a_run_that_gets_no_further_is_ended(programs, clip, tmp_path):
    os.mkfifo(tmp_path / "never.mp4")
    holder = os.open(tmp_path / "never.mp4", os.O_RDWR)
    try:
        words = ["-nostdin", "-v", "error", "-progress", "pipe:1", "-i", str(tmp_path / "never.mp4"), "-f", "null", "-"]
        with pytest.raises(running.Stuck):
            await running.run(programs.ffmpeg, words, tmp_path, _nothing, stall=0.3)
    finally:
        os.close(holder)


async def test_ffmpeg_dies_with_the_process_that_started_it(programs, tmp_path):
    """A child starts ffmpeg on a pipe that never ends, tells its id, and is killed."""
    os.mkfifo(tmp_path / "never.mp4")
    holder = os.open(tmp_path / "never.mp4", os.O_RDWR)
    script = (
        "import asyncio, pathlib, sys\n"
        "from immich_transcode import running\n"
        "async def main():\n"
        "    process = await running.start(pathlib.Path(sys.argv[1]), ['-i', sys.argv[2], '-f', 'null', '-'],"
        " pathlib.Path('/'))\n"
        "    print(process.pid, flush=True)\n"
        "    await process.wait()\n"
        "asyncio.run(main())\n"
    )
    try:
        parent = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, str(programs.ffmpeg), str(tmp_path / "never.mp4"),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert parent.stdout is not None
        child = int(await parent.stdout.readline())
        ended = os.pidfd_open(child)
        parent.kill()
        await parent.wait()
        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(ended, gone.set)
        async with asyncio.timeout(PATIENCE):
            await gone.wait()
        loop.remove_reader(ended)
        os.close(ended)
    finally:
        os.close(holder)
