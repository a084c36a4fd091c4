"""Which ffmpeg does the work."""

import pytest

from immich_transcode import programs as chosen


async def test_the_hosts_ffmpeg_is_taken_where_it_can_do_the_work(programs):
    found = await chosen.choose(programs.ffmpeg, decodes="hevc", encoders=["libx264", "aac"])
    assert found == programs.ffmpeg
    assert await chosen.choose(programs.ffmpeg, decodes=None, encoders=[]) == programs.ffmpeg


@pytest.mark.parametrize(("decodes", "encoders"), [("av1", ["libx264"]), ("h264", ["h264_vaapi", "libx264"])])
async def test_another_is_taken_for_what_it_lacks(programs, decodes, encoders):
    able = await chosen.abilities(programs.ffmpeg)
    if decodes in able.decodes and able.encoders.issuperset(encoders):
        pytest.skip("the host's ffmpeg can do it here")
    found = await chosen.choose(programs.ffmpeg, decodes=decodes, encoders=encoders)
    assert found not in {None, programs.ffmpeg}


async def test_what_none_can_do(programs):
    assert await chosen.choose(programs.ffmpeg, decodes="h264", encoders=["libnothing"]) is None
    assert await chosen.choose(programs.ffmpeg, decodes="nothing", encoders=[]) is None


async def test_a_decoder_that_needs_a_device_is_none(tmp_path):
    program = tmp_path / "ffmpeg"
    lines = " V....D av1  AV1\\n V..... hevc_qsv  HEVC (codec hevc)\\n V..... libdav1d  dav1d (codec av1)\\n"
    program.write_text(f"#!/bin/sh\nprintf '{lines.partition(' V..... libdav1d')[0]}'\n")
    program.chmod(0o755)
    assert (await chosen.abilities(program)).decodes == frozenset()
    other = tmp_path / "other"
    other.write_text(f"#!/bin/sh\nprintf '{lines}'\n")
    other.chmod(0o755)
    assert (await chosen.abilities(other)).decodes == {"av1"}
