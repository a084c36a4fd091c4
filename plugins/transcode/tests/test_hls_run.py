"""One run of ffmpeg for a live stream, without a host."""

from pathlib import Path

import pytest

from immich_transcode.hardware import Hardware
from immich_transcode.hls_arguments import Part, stream_arguments
from immich_transcode.hls_grid import grid_of
from immich_transcode.hls_run import Run, Work
from immich_transcode.hls_variants import Variant
from immich_transcode.probing import probe
from immich_transcode.settings import FFmpegSettings
from plugins.transcode.tests.conftest import X264

pytestmark = pytest.mark.asyncio(loop_scope="session")

H264 = Variant("h264", 480, 2_500_000)


async def made(run: Run) -> dict[str, bytes]:
    run.begin()
    while not run.ended:
        await run.changed(5)
    assert run.failure is None
    return {path.name: path.read_bytes() for path in sorted(run.folder.iterdir())}


@pytest.mark.parametrize("name", ["a.mp4", "a.ts"])
async def test_decoding_from_the_start_makes_the_same_as_seeking(name, programs, clip, tmp_path):
    path = clip(name, *X264, "-g", "30", picture="testsrc2=s=96x64:r=30", seconds=16, sound=False)
    source = await probe(programs.ffprobe, path)
    part = Part(path, source, H264, grid_of(30, 16), first=6)
    both = []
    for seeks in (True, False):
        folder = tmp_path / str(seeks)
        folder.mkdir()
        arguments = stream_arguments(part, FFmpegSettings(), seeks=seeks)
        both.append(await made(Run(Work(programs.ffmpeg, [arguments], folder, part.grid, part.first))))
    assert [*both[0]] == ["init.mp4", "seg_6.m4s", "seg_7.m4s"]
    assert both[0] == both[1]


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1"])
async def test_hardware_encodes_what_software_decodes(source, codec):
    part = Part(Path("/in.mp4"), source(), Variant(codec, 480, 1_450_000), grid_of(30, 16), first=2)
    words = " ".join(stream_arguments(part, FFmpegSettings(), Hardware("vaapi", "/dev/dri/renderD128", decodes=True)))
    assert "-init_hw_device vaapi=hw:/dev/dri/renderD128" in words
    assert "-hwaccel" not in words
    assert "scale=852:480,setsar=1,format=nv12,hwupload=extra_hw_frames=64 " in words
    assert f"-c:v {codec}_vaapi -compression_level 7 -rc_mode VBR -b:v 1000k" in words
    assert "-g 60 -bf 0 -force_key_frames expr:not(mod(n,60))" in words
    assert "-frames:v 360" in words


async def test_an_encoder_that_is_stuck_is_ended(tmp_path):
    run = Run(Work(Path("/bin/sleep"), [["600"]], tmp_path, grid_of(25, 10), 0), stall=0.3)
    run.begin()
    while not run.ended:
        await run.changed(5)
    assert run.failure == "no segment within 0.3 seconds"


async def test_what_fails_is_tried_in_another_way(tmp_path):
    run = Run(Work(Path("/bin/sh"), [["-c", "exit 3"], ["-c", "echo no >&2; exit 4"]], tmp_path, grid_of(25, 10), 0))
    run.begin()
    while not run.ended:
        await run.changed(5)
    assert run.failure == "no"
