"""A host that streams live, behind a real HTTP server, and players."""

import asyncio
import json
import re
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from hypercorn.asyncio import serve
from hypercorn.config import Config

from immich_host.runtime.binaries import Binaries
from immich_host.testing.host import RunningHost
from immich_host.testing.waiting import PATIENCE
from immich_transcode.hls_routes import STREAMS
from immich_transcode.hls_streams import Streams
from immich_transcode.settings import FFmpegSettings, Realtime


async def stream_all(
    running: RunningHost, *codecs: str, resolutions: tuple[int, ...] = (480, 720), enabled: bool = True
) -> None:
    """Switch live streaming on."""
    values = {"enabled": enabled, "videoCodecs": codecs or ("h264",), "resolutions": resolutions}
    await running.configure(FFmpegSettings(realtime=Realtime.model_validate(values)))


def streams_of(running: RunningHost) -> Streams:
    return STREAMS[running.kernel]


def variants_in(playlist: str) -> list[str]:
    return [line for line in playlist.splitlines() if line and not line.startswith("#")]


def lengths_in(playlist: str) -> list[float]:
    return [float(each) for each in re.findall(r"#EXTINF:([\d.]+),", playlist)]


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """The address of an app behind a real server."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config, over = Config(), asyncio.Event()
    config.bind = [f"fd://{listener.detach()}"]
    config.graceful_timeout = 1
    task = asyncio.create_task(serve(app, config, shutdown_trigger=over.wait))
    try:
        yield url
    finally:
        over.set()
        await task


@dataclass(frozen=True, slots=True)
class Packet:
    """What came out of a segment, times in seconds."""

    kind: str
    pts: float
    dts: float
    duration: float


@dataclass(frozen=True, slots=True)
class Player:
    """Plays by ffprobe and ffmpeg, as the owner of a session's token."""

    programs: Binaries
    token: str

    @property
    def _headers(self) -> tuple[str, str]:
        return "-headers", f"Authorization: Bearer {self.token}\r\n"

    async def report(self, url: str, *options: str) -> dict[str, Any]:
        """What ffprobe says of an address."""
        words = [str(self.programs.ffprobe), "-v", "error", *self._headers, "-of", "json", *options, url]
        done = await asyncio.to_thread(subprocess.run, words, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode()
        assert done.stderr == b"", done.stderr.decode()
        return json.loads(done.stdout)

    async def packets(self, url: str, *options: str) -> list[Packet]:
        """Every packet in the order of the file."""
        report = await self.report(url, "-show_packets", *options)
        return [
            Packet(each["codec_type"], float(each["pts_time"]), float(each["dts_time"]), float(each["duration_time"]))
            for each in report["packets"]
        ]

    async def picture(self, url: str, seconds: float = 0) -> tuple[int, int, bytes]:
        """Width, height and RGB pixels of what is shown at a moment."""
        words = [str(self.programs.ffmpeg), "-v", "error", *self._headers, "-ss", str(seconds), "-i", url]
        words += ["-frames:v", "1", "-f", "image2pipe", "-c:v", "ppm", "-"]
        done = await asyncio.to_thread(subprocess.run, words, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode()
        _, size, _, pixels = done.stdout.split(b"\n", 3)
        width, height = map(int, size.split())
        return width, height, pixels

    async def sound(self, url: str) -> list[bool]:
        """Whether something is heard in each hundredth of a second."""
        words = [str(self.programs.ffmpeg), "-v", "error", *self._headers, "-i", url, "-vn", "-ar", "48000", "-ac", "1"]
        done = await asyncio.to_thread(subprocess.run, [*words, "-f", "u8", "-"], capture_output=True, timeout=120)
        samples = done.stdout
        return [any(abs(each - 128) > 3 for each in samples[at : at + 480]) for at in range(0, len(samples), 480)]

    async def decode(self, path: Path) -> None:
        """Decode every frame; nothing is to be wrong with any."""
        words = [str(self.programs.ffmpeg), "-v", "warning", "-xerror", "-i", str(path), "-f", "null", "-"]
        done = await asyncio.to_thread(subprocess.run, words, capture_output=True, timeout=120, check=False)
        assert (done.returncode, done.stderr.decode()) == (0, "")


def assert_seamless(packets: list[Packet], kind: str, seconds: float) -> None:
    """No packet is missing or comes twice, from the beginning to the end."""
    own = [each for each in packets if each.kind == kind]
    assert abs(own[0].pts) < 1e-6
    for one, following in pairwise(own):
        assert abs(one.dts + one.duration - following.dts) < 1e-4, (one, following)
    assert abs(own[-1].pts + own[-1].duration - seconds) < 0.05


def files_of(running: RunningHost) -> list[Path]:
    """Files of live streams."""
    return sorted(path for path in running.kernel.paths.root.glob("encoded-video/*/??/??/*/*/*") if path.is_file())


async def encoders(running: RunningHost) -> list[UUID]:
    """Variants that an encoder has claimed."""
    rows = await running.kernel.db.fetch("SELECT id FROM video_stream_variant WHERE run IS NOT NULL")
    return [row["id"] for row in rows]


def ffmpegs(running: RunningHost) -> list[int]:
    """Processes that encode live streams of this host."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
            except OSError:
                continue
            if "frag_keyframe" in words and str(running.kernel.paths.root) in words:
                found.append(int(entry.name))
    return found


async def until(check: Callable[[], Awaitable[bool]], seconds: float = PATIENCE) -> None:
    """Wait for what others bring about."""
    async with asyncio.timeout(seconds):
        is_so = await check()
        while not is_so:
            await asyncio.sleep(0.02)
            is_so = await check()
