"""What ends the job before it is done, and what is seen of it until then."""

import asyncio
import re
from uuid import UUID

import pytest

from immich_host.plugin_api.errors import JobFailed
from immich_host.testing.waiting import PATIENCE
from immich_transcode import running as program
from immich_transcode.settings import FFmpegSettings, Limits

from .conftest import PRORES, copy_of, encoded

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_time_limit_ends_it(running, clip):
    await running.configure(Limits(hours=1e-6))
    await running.upload(clip("film.mov", *PRORES, picture="testsrc2=s=640x480:r=30", seconds=3))
    with pytest.raises(JobFailed, match="not done within"):
        await running.drain()
    assert encoded(running) == []


@pytest.fixture
def slow(clip, monkeypatch):
    """A film that takes minutes; told when ffmpeg has begun with it, and which process that is."""
    begun: asyncio.Queue[asyncio.subprocess.Process] = asyncio.Queue()
    start = program.start

    async def told(*arguments):
        process = await start(*arguments)
        begun.put_nowait(process)
        return process

    monkeypatch.setattr(program, "start", told)
    film = clip("film.mkv", "-c:v", "mpeg4", picture="mandelbrot=s=640x360:r=60", seconds=20, sound=False)
    return film, begun


VERY_SLOW = FFmpegSettings(target_video_codec="av1", preset="veryslow", threads=1, target_resolution="original")


async def begun_with(running, slow) -> tuple[UUID, asyncio.subprocess.Process, asyncio.Task[None]]:
    film, begun = slow
    await running.configure(VERY_SLOW)
    asset_id = await running.upload(film)
    work = asyncio.create_task(running.drain())
    waiting = asyncio.create_task(begun.get())
    await asyncio.wait({work, waiting}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    assert waiting.done(), "ffmpeg was never started"
    return asset_id, waiting.result(), work


async def tend(running) -> None:
    """What workers do every second."""
    await running.kernel.job_room.executor.beat(0)


async def test_emptying_the_queue_ends_ffmpeg(running, slow):
    asset_id, process, work = await begun_with(running, slow)
    client = await running.client()
    answer = await client.request("PUT", "/api/jobs/videoConversion", json={"command": "empty", "force": False})
    assert answer.status_code == 200
    await tend(running)
    async with asyncio.timeout(PATIENCE):
        await work
    assert process.returncode is not None
    assert encoded(running) == []
    assert await copy_of(running, asset_id) is None


async def test_erasing_the_asset_ends_ffmpeg(running, slow):
    asset_id, process, work = await begun_with(running, slow)
    await tend(running)
    client = await running.client()
    await client.request("DELETE", "/api/assets", json={"ids": [str(asset_id)], "force": True})
    from immich_host.assets.deleting import erase

    await erase(running.kernel, asset_id)
    await tend(running)
    async with asyncio.timeout(PATIENCE):
        await work
    assert process.returncode is not None
    assert encoded(running) == []


async def test_progress_is_told(running, slow):
    _, process, work = await begun_with(running, slow)
    told = None
    async with asyncio.timeout(PATIENCE):
        while told is None:
            await tend(running)
            told = await running.kernel.db.fetchval("SELECT progress FROM job_request WHERE progress IS NOT NULL")
            await asyncio.sleep(0.05)
    found = re.search(r'"total": (\d+)', told)
    assert found is not None
    assert int(found[1]) == 20
    process.kill()
    with pytest.raises(program.Failed):
        await work
