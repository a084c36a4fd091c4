"""Live streams, really played: ffprobe and ffmpeg read the playlists from a real HTTP server."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from immich_host.testing.host import RunningHost, expect
from immich_transcode import hls_keeping, hls_streams
from plugins.transcode.tests.conftest import TEN_BITS, X264
from plugins.transcode.tests.hls_served import (
    Player,
    assert_seamless,
    files_of,
    lengths_in,
    serving,
    stream_all,
    variants_in,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

SMALL = "testsrc2=s=96x64:r=25"
TICKING = "color=black:s=64x64:r=25,geq=lum='8*floor(T)':cb=128:cr=128"
"""A second's number is its brightness by eight."""


@dataclass
class Cinema:
    running: RunningHost
    client: httpx.AsyncClient
    player: Player
    url: str

    async def show(self, path: Path) -> "Show":
        asset_id = await self.running.upload(path)
        base = f"/api/assets/{asset_id}/video/stream/"
        answer = await self.client.get(base + "main.m3u8")
        assert answer.status_code == 200, answer.text
        return Show(self, base, answer.text)


@dataclass
class Show:
    cinema: Cinema
    base: str
    main: str

    def url(self, variant: int = 0) -> str:
        return self.cinema.url + self.base + variants_in(self.main)[variant]

    async def get(self, name: str, variant: int = 0, **headers: str) -> httpx.Response:
        path = self.base + variants_in(self.main)[variant].replace("playlist.m3u8", name)
        return await self.cinema.client.get(path, headers=headers)

    async def bytes_of(self, *names: str, variant: int = 0) -> bytes:
        answers = [await self.get(name, variant) for name in names]
        assert {each.status_code for each in answers} == {200}, [each.text for each in answers]
        return b"".join(each.content for each in answers)


@pytest_asyncio.fixture(loop_scope="session")
async def cinema(host, programs, monkeypatch) -> AsyncIterator[Cinema]:
    # players wait for the encoder, however busy the machine is
    monkeypatch.setattr(hls_streams, "WAIT_SECONDS", 120.0)
    monkeypatch.setattr(hls_keeping, "QUIET_SECONDS", 180.0)
    running = await host(plugins=["transcode"])
    await stream_all(running)
    client = await running.client()
    async with serving(running.app) as url:
        yield Cinema(running, client, Player(programs, client.headers["authorization"].split()[1]), url)


async def test_a_whole_play_has_every_frame_and_every_sound_once(cinema, clip):
    path = clip("a.mp4", *X264, "-g", "250", picture="testsrc2=s=320x180:r=30000/1001", seconds=14.5)
    show = await cinema.show(path)
    playlist = (await show.get("playlist.m3u8")).text
    assert sum(lengths_in(playlist)) == pytest.approx(14.5, abs=0.04)
    packets = await cinema.player.packets(show.url())
    assert_seamless(packets, "video", 14.5)
    assert_seamless(packets, "audio", 14.5)
    report = await cinema.player.report(show.url(), "-show_format", "-show_streams")
    assert float(report["format"]["duration"]) == pytest.approx(14.5, abs=0.04)
    assert [each["codec_name"] for each in report["streams"]] == ["h264", "aac"]


@pytest.mark.parametrize(
    ("name", "options", "picture", "sound"),
    [
        ("hevc.mov", ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"), SMALL, True),
        ("vp9.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus"), SMALL, True),
        ("transport.ts", X264, SMALL, True),
        ("mute.mp4", X264, SMALL, False),
        ("ten.mkv", TEN_BITS, SMALL, True),
        ("odd.mkv", ("-c:v", "ffv1"), "testsrc2=s=97x65:r=12.5", True),
        ("slow.mp4", X264, "testsrc2=s=96x64:r=1/2", True),
        ("fast.mp4", X264, "testsrc2=s=96x64:r=120", True),
        ("gaps.mp4", X264, f"{SMALL},select='lt(mod(t,4),0.5)'", True),
        ("bframes.mp4", ("-c:v", "libx264", "-bf", "3", "-pix_fmt", "yuv420p"), SMALL, True),
        ("interlaced.mpg", ("-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-b:v", "2M"), SMALL, True),
    ],
)
async def test_every_kind_of_video_plays_without_a_gap(name, options, picture, sound, cinema, clip):
    show = await cinema.show(clip(name, *options, picture=picture, seconds=8, sound=sound))
    seconds = sum(lengths_in((await show.get("playlist.m3u8")).text))
    assert seconds == pytest.approx(8, abs=0.6)
    packets = await cinema.player.packets(show.url())
    assert_seamless(packets, "video", seconds)
    assert {each.kind for each in packets} == ({"video", "audio"} if sound else {"video"})
    if sound:
        assert_seamless(packets, "audio", seconds)


async def test_sound_in_44100_is_as_long_and_stays_with_the_pictures(cinema, clip):
    """Sound is heard only in the sixth second."""
    path = clip("a.mp4", *X264, "-af", "volume='between(t,5,6)':eval=frame", "-ar", "44100", picture=SMALL, seconds=9)
    show = await cinema.show(path)
    sound = await cinema.player.sound(show.url())
    heard = [at for at, loud in enumerate(sound) if loud]
    assert (heard[0] / 100, heard[-1] / 100) == (pytest.approx(5, abs=0.05), pytest.approx(6, abs=0.05))


@pytest.mark.parametrize(("name", "apart"), [("a.mp4", 1000), ("a.mkv", 35), ("a.ts", 35), ("b.ts", 200)])
async def test_seeking_makes_what_is_asked_for_and_shows_it(name, apart, cinema, clip):
    """Key frames so many frames apart."""
    show = await cinema.show(clip(name, *X264, "-g", str(apart), picture=TICKING, seconds=31))
    assert (await show.get("seg_12.m4s")).status_code == 200
    made = {path.name for path in files_of(cinema.running)}
    assert "seg_12.m4s" in made
    assert not made & {f"seg_{number}.m4s" for number in range(12)}
    width, height, pixels = await cinema.player.picture(show.url(), 24)
    assert (width, height) == (64, 64)
    # brightness 8 x 24 of limited range
    assert pixels[0] == pytest.approx((8 * 24 - 16) * 255 / 219, abs=4)
    assert (await show.get("seg_2.m4s")).status_code == 200


@pytest.mark.parametrize(
    ("name", "options", "rate"),
    [
        ("a.mp4", (*X264, "-g", "90"), "30000/1001"),
        ("a.ts", X264, "25"),
        ("a.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-g", "40", "-c:a", "libopus"), "30"),
        ("a.mkv", ("-c:v", "libx264", "-bf", "3", "-pix_fmt", "yuv420p"), "24000/1001"),
    ],
)
async def test_wherever_runs_begin_segments_fit_together(name, options, rate, cinema, clip, tmp_path):
    show = await cinema.show(clip(name, *options, picture=f"testsrc2=s=96x64:r={rate}", seconds=20))
    joined = tmp_path / "joined.mp4"
    late = await show.bytes_of("seg_6.m4s", "seg_7.m4s", "seg_8.m4s", "seg_9.m4s")
    early = await show.bytes_of(
        "init.mp4", "seg_0.m4s", "seg_1.m4s", "seg_2.m4s", "seg_3.m4s", "seg_4.m4s", "seg_5.m4s"
    )
    joined.write_bytes(early + late)
    packets = await cinema.player.packets(str(joined))
    assert_seamless(packets, "video", 20)
    assert_seamless(packets, "audio", 20)
    await cinema.player.decode(joined)


async def test_players_may_change_variants_at_any_segment(cinema, clip, tmp_path):
    await stream_all(cinema.running, "h264", "hevc", resolutions=(480, 720))
    show = await cinema.show(clip("a.mp4", *X264, picture="testsrc2=s=1280x720:r=10", seconds=12))
    assert re.findall(r"RESOLUTION=(\d+x\d+)", show.main) == ["852x480", "1280x720"] * 2
    ends: list[tuple[float, float]] = []
    for variant, numbers in ((0, (0, 1)), (1, (2, 3)), (2, (4, 5))):
        part = tmp_path / f"{variant}.mp4"
        part.write_bytes(await show.bytes_of("init.mp4", *(f"seg_{each}.m4s" for each in numbers), variant=variant))
        packets = await cinema.player.packets(str(part))
        for kind in ("video", "audio"):
            own = [each for each in packets if each.kind == kind]
            ends.append((own[0].pts, own[-1].pts + own[-1].duration))
    for kind in (0, 1):
        for one, following in pairwise(ends[kind::2]):
            assert one[1] == pytest.approx(following[0], abs=1e-4)


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1"])
async def test_players_were_told_what_comes(codec, cinema, clip):
    await stream_all(cinema.running, codec, resolutions=(480, 720))
    show = await cinema.show(clip("a.mp4", *X264, picture="testsrc2=s=1280x720:r=25", seconds=1, sound=False))
    for variant, said in enumerate(re.findall(r'CODECS="(.*?)"', show.main)):
        assert said == codec_in((await show.get("init.mp4", variant)).content)


def codec_in(init: bytes) -> str:
    """The attribute CODECS for the head of a video without sound."""
    if (at := init.find(b"avcC")) > 0:
        return f"avc1.{init[at + 5 : at + 8].hex().upper()}"
    if (at := init.find(b"hvcC")) > 0:
        profile, compatible, limits, level = (
            init[at + 5],
            init[at + 6 : at + 10],
            init[at + 10 : at + 16],
            init[at + 16],
        )
        reversed_bits = int(f"{int.from_bytes(compatible):032b}"[::-1], 2)
        return f"hvc1.{profile & 31}.{reversed_bits:X}.L{level}.{limits.rstrip(bytes(1)).hex().upper()}"
    at = init.find(b"av1C")
    return f"av01.{init[at + 5] >> 5}.{init[at + 5] & 31:02d}{'MH'[init[at + 6] >> 7]}.08"


async def test_a_turned_video_is_upright(cinema, clip, turned):
    halves = "color=red:s=128x96:r=10,drawbox=w=64:c=blue:t=fill"
    show = await cinema.show(turned(clip("a.mp4", *X264, picture=halves, seconds=3), 90))
    assert "RESOLUTION=96x128" in show.main
    width, height, pixels = await cinema.player.picture(show.url())
    assert (width, height) == (96, 128)
    top, bottom = pixels[3 * (20 * 96 + 48) :][:3], pixels[3 * (108 * 96 + 48) :][:3]
    assert {(top[0] > 128, top[2] > 128), (bottom[0] > 128, bottom[2] > 128)} == {(True, False), (False, True)}


async def test_hdr_is_shown_on_common_screens(cinema, clip):
    grey = f"color=black:s=64x64:r=10,format=yuv420p10le,geq=lum='{64 + 876 * 0.45}':cb=512:cr=512"
    colours = "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    options = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params", colours)
    show = await cinema.show(clip("a.mp4", *options, picture=grey, seconds=3))
    report = await cinema.player.report(show.url(), "-show_streams")
    video = next(each for each in report["streams"] if each["codec_type"] == "video")
    assert (video["pix_fmt"], video["color_transfer"], video["color_space"]) == ("yuv420p", "bt709", "bt709")
    _, _, pixels = await cinema.player.picture(show.url())
    assert 90 < pixels[0] < 200
    assert {path.name for path in files_of(cinema.running)} >= {"init.mp4", "tone.cube"}


async def test_a_video_of_one_frame(cinema, clip):
    show = await cinema.show(clip("a.mp4", *X264, picture=SMALL, seconds=0.04, sound=False))
    assert len(await cinema.player.packets(show.url())) == 1
    assert expect(await show.get("seg_1.m4s"), 404) == {"message": "Not Found"}


async def test_the_encoder_begins_where_players_say(cinema, clip):
    show = await cinema.show(clip("a.mp4", *X264, picture=SMALL, seconds=30))
    assert (await show.get("playlist.m3u8", **{"x-immich-hls-pos": "21.5"})).status_code == 200
    assert (await show.get("seg_10.m4s")).status_code == 200
    other = await cinema.show(clip("b.mp4", *X264, picture=SMALL, seconds=31))
    assert (await other.get("init.mp4", **{"x-immich-hls-msn": "7"})).status_code == 200
    assert (await other.get("seg_7.m4s")).status_code == 200
    names = {path.name for path in files_of(cinema.running)}
    assert {"seg_7.m4s", "seg_10.m4s"} <= names
    assert not names & {"seg_0.m4s", "seg_6.m4s"}
    bad = await show.get("playlist.m3u8", **{"x-immich-hls-pos": "soon"})
    assert expect(bad, 400) == {"message": "x-immich-hls-pos must be a number from 0 up"}
