"""Real files through the real ffmpeg: what comes out plays everywhere and looks right."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from immich_transcode import running
from immich_transcode.arguments import Plan
from immich_transcode.deciding import decide
from immich_transcode.encoding import Bench, make
from immich_transcode.hardware import Hardware
from immich_transcode.probing import probe
from immich_transcode.programs import choose
from immich_transcode.settings import FFmpegSettings
from immich_transcode.streams import Source

from .conftest import TEN_BITS, X264

RGB = "color=red:s=320x180:r=10,drawbox=w=160:h=90:c=lime:t=fill,drawbox=x=160:y=90:w=160:h=90:c=blue:t=fill"
PLACES = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))

type Transcode = Callable[..., Awaitable[tuple[Path, Source]]]


async def quiet(done: float, total: float, note: str) -> None:
    """A report that nobody reads."""


@pytest.fixture
def transcode(programs, tmp_path) -> Transcode:
    """Transcode a file by these settings; gives the file and its streams."""

    async def run(path: Path, *, report=quiet, hardware: Hardware | None = None, **settings: object):
        source = await probe(programs.ffprobe, path)
        plan = decide(FFmpegSettings(**settings), source)
        assert plan is not None, f"nothing to do for {source}"
        program = await choose(programs.ffmpeg, decodes=source.video.codec, encoders=plan.encoders)
        assert program is not None
        bench = Bench(ffmpeg=program, folder=tmp_path, stall=60, report=report)
        made = await make(replace(plan, hardware=hardware), path, bench)
        return made, await probe(programs.ffprobe, made)

    return run


def seen(colours, path: Path) -> str:
    """Which of red, green, blue each quarter shows, clockwise from the top left."""
    return "".join("RGB"[max(range(3), key=pixel.__getitem__)] for pixel in colours(path, *PLACES))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("clip.mov", ("-c:v", "prores_ks", "-c:a", "pcm_s24le")),
        ("clip.mov", ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")),
        ("clip.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus")),
        ("clip.mkv", ("-c:v", "libsvtav1", "-preset", "11", "-pix_fmt", "yuv420p10le", "-c:a", "flac")),
        ("clip.mkv", ("-c:v", "ffv1", "-pix_fmt", "yuv444p")),
        ("clip.avi", ("-c:v", "mpeg4", "-c:a", "libmp3lame")),
        ("clip.mpg", ("-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2")),
        ("clip.wmv", ("-c:v", "wmv2", "-c:a", "wmav2")),
        ("clip.flv", ("-c:v", "flv", "-c:a", "libmp3lame", "-ar", "44100")),
        ("clip.mp4", TEN_BITS),
        ("clip.mp4", (*X264, "-pix_fmt", "yuv422p", "-c:a", "ac3")),
    ],
)
async def test_any_input_becomes_h264_and_aac_or_what_is_accepted(clip, transcode, colours, name, options):
    made, found = await transcode(clip(name, *options, picture=RGB))
    assert (found.container, found.video.codec, found.video.pixel_format) == ("mp4", "h264", "yuv420p")
    assert found.audio is not None
    assert found.audio.codec in {"aac", "mp3", "opus"}
    assert found.seconds == pytest.approx(1, abs=0.3)
    assert seen(colours, made) == "GRBR"


@pytest.mark.parametrize("codec", ["h264", "hevc", "vp9", "av1"])
@pytest.mark.parametrize("extra", [{}, {"max_bitrate": "300k", "two_pass": True, "gop_size": 5, "threads": 2}])
async def test_every_codec(clip, transcode, codec, extra):
    path = clip("a.mov", "-c:v", "prores_ks", "-c:a", "pcm_s16le")
    reports: list[tuple[float, float, str]] = []

    async def report(*told):
        reports.append(told)

    _, found = await transcode(path, report=report, target_video_codec=codec, target_audio_codec="opus", **extra)
    assert (found.video.codec, found.video.pixel_format) == (codec, "yuv420p")
    assert found.audio is not None
    assert (found.audio.codec, found.audio.channels) == ("opus", 2)
    runs = 2 if extra else 1
    assert reports[-1][:2] == (pytest.approx(runs, abs=0.3), pytest.approx(runs, abs=0.1))
    assert reports[-1][2].startswith("pass 2 of 2") == (runs == 2)


@pytest.mark.parametrize("codec", ["aac", "mp3", "opus", "pcm_s16le"])
async def test_every_sound(clip, transcode, codec):
    path = clip("a.mkv", *X264, "-c:a", "ac3", "-ac", "6")
    _, found = await transcode(path, target_audio_codec=codec)
    assert found.audio is not None
    assert (found.audio.codec, found.audio.channels) == (codec, 2)


async def test_sound_that_will_do_is_copied_and_so_are_pictures(clip, transcode):
    path = clip("a.mkv", *X264, "-c:a", "flac")
    _, found = await transcode(path, target_resolution="100")
    assert (found.video.codec, found.video.width, found.audio.codec) == ("h264", 320, "aac"), "pictures are copied"


@pytest.mark.parametrize(("name", "options"), [("a.avi", X264), ("a.ts", (*X264, "-bf", "2")), ("a.flv", X264)])
async def test_only_the_container_is_changed(programs, clip, transcode, name, options):
    path = clip(name, *options, "-c:a", "libmp3lame" if name == "a.avi" else "aac")
    before = await probe(programs.ffprobe, path)
    _, found = await transcode(path)
    assert found.container == "mp4"
    assert found.audio is not None
    assert (found.video.codec, found.audio.codec, found.audio.channels) == ("h264", before.audio.codec, 1)
    assert found.seconds == pytest.approx(before.seconds, abs=0.2)


async def test_hevc_is_tagged_for_apple_when_it_is_copied(clip, transcode):
    path = clip("a.mkv", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-c:a", "flac")
    made, _ = await transcode(path, accepted_video_codecs=("hevc",))
    assert b"hvc1" in made.read_bytes()


async def test_a_silent_video_stays_silent(clip, transcode):
    _, found = await transcode(clip("a.mov", "-c:v", "prores_ks", sound=False))
    assert found.audio is None


@pytest.mark.parametrize(("degrees", "size", "expected"), [(90, (180, 320), "RBRG"), (180, (320, 180), "BRGR")])
async def test_turned_pictures_come_out_upright(clip, turned, transcode, colours, degrees, size, expected):
    made, found = await transcode(turned(clip("a.mp4", *X264, picture=RGB), degrees), transcode="all")
    assert (found.video.rotation, found.video.stored) == (0, size)
    assert seen(colours, made) == expected


async def test_what_is_only_copied_is_turned_by_players_as_before(clip, turned, transcode):
    _, found = await transcode(turned(clip("a.mov", *X264), 90), accepted_containers=())
    assert (found.container, found.video.rotation, found.video.shown) == ("mp4", 90, (240, 320))


async def test_odd_sizes_become_even(clip, transcode, colours):
    path = clip("a.mkv", "-c:v", "ffv1", "-pix_fmt", "bgr0", picture=f"{RGB},format=rgb24,scale=321:181,setsar=1")
    made, found = await transcode(path)
    assert found.video.stored == (320, 180)
    assert seen(colours, made) == "GRBR"


async def test_the_short_side_is_shrunk_to_the_target(clip, transcode):
    path = clip("a.mkv", "-c:v", "ffv1", picture="testsrc2=s=360x640:r=10")
    _, found = await transcode(path, target_resolution="240")
    assert found.video.stored == (240, 426)


async def test_pixels_become_square(clip, transcode):
    path = clip("a.mpg", "-c:v", "mpeg2video", "-aspect", "16:9", picture="testsrc2=s=352x288:r=25")
    _, found = await transcode(path)
    assert (found.video.stored, found.video.width) == ((512, 288), 512)


async def test_fields_are_put_together(programs, clip, transcode):
    options = (*X264, "-vf", "fieldorder=tff,setfield=tff", "-flags", "+ilme+ildct")
    path = clip("a.mkv", *options, picture="testsrc2=s=352x288:r=25")
    assert (await probe(programs.ffprobe, path)).video.is_interlaced
    _, found = await transcode(path, transcode="all")
    assert not found.video.is_interlaced
    assert found.video.frame_rate == pytest.approx(25, abs=1)


HDR = {"smpte2084": {"white": 0.58, "grey": 0.38}, "arib-std-b67": {"white": 0.75, "grey": 0.38}}
"""Where 203 and about 26 nits stand on the curve, by ITU-R BT.2408."""


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
@pytest.mark.parametrize("curve", ["hable", "mobius", "reinhard"])
async def test_hdr_is_toned_down_to_sdr(clip, transcode, colours, transfer, curve):
    """White paper on the left is bright, grey on the right is grey, and neither has a tint."""
    at = HDR[transfer]
    luma = f"if(lt(X,160),{64 + round(876 * at['white'])},{64 + round(876 * at['grey'])})"
    picture = f"color=black:s=320x180:r=5,format=yuv420p10le,geq=lum='{luma}':cb=512:cr=512"
    parameters = f"colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
    made, found = await transcode(clip("a.mp4", *TEN_BITS, "-x264-params", parameters, picture=picture), tonemap=curve)
    video = found.video
    assert (video.transfer, video.matrix, video.pixel_format) == ("bt709", "bt709", "yuv420p")
    white, grey = colours(made, (0.25, 0.5), (0.75, 0.5))
    assert max(white) - min(white) <= 4
    assert max(grey) - min(grey) <= 4
    expected = {"hable": (160, 57), "mobius": (228, 130), "reinhard": (210, 110)}[curve]
    assert abs(white[1] - expected[0]) < 12
    assert abs(grey[1] - expected[1]) < 16


async def test_wide_colours_stay_what_they_are(clip, transcode, colours):
    parameters = "colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"
    path = clip("a.mp4", "-vf", "scale=out_color_matrix=bt2020", *TEN_BITS, "-x264-params", parameters, picture=RGB)
    made, _ = await transcode(path)
    assert seen(colours, made) == "GRBR"


async def test_tone_mapping_can_be_left_out(clip, transcode):
    parameters = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    _, found = await transcode(clip("a.mp4", *TEN_BITS, "-x264-params", parameters), tonemap="disabled")
    assert (found.video.transfer, found.video.pixel_format) == ("smpte2084", "yuv420p")


async def test_nothing_of_the_file_is_told(clip, transcode):
    path = clip("a.mov", "-c:v", "prores_ks", "-metadata", "location=+48.2+016.3/", "-metadata", "title=Secret")
    made, _ = await transcode(path)
    content = made.read_bytes()
    assert b"Secret" not in content
    assert b"+48.2" not in content
    assert content.index(b"moov") < content.index(b"mdat"), "players need not read it to the end first"


@pytest.mark.parametrize("codec", ["h264", "hevc", "vp9", "av1"])
async def test_again_gives_the_same_bytes(clip, transcode, codec):
    path = clip("a.mov", "-c:v", "prores_ks", "-c:a", "pcm_s24le")
    first = (await transcode(path, target_video_codec=codec))[0].read_bytes()
    assert (await transcode(path, target_video_codec=codec))[0].read_bytes() == first


@pytest.mark.parametrize("hardware", [Hardware("vaapi", "/dev/dri/renderD128", True), Hardware("nvenc", "", False)])
async def test_where_hardware_fails_software_works(clip, transcode, hardware):
    path = clip("a.mov", "-c:v", "prores_ks")
    with structlog.testing.capture_logs() as logs:
        _, found = await transcode(path, hardware=hardware)
    assert found.video.codec == "h264"
    failures = [log["hardware"] for log in logs if log["event"] == "hardware failed"]
    assert failures == ([hardware, hardware.in_software] if hardware.decodes else [hardware])


async def test_a_file_cut_in_the_middle_gives_what_there_is(clip, transcode, tmp_path):
    whole = clip("a.mkv", "-c:v", "ffv1", seconds=4).read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole[: len(whole) // 2])
    _, found = await transcode(path)
    assert 0.5 < found.seconds < 3.5


async def test_a_file_without_a_single_good_frame_fails(clip, transcode, tmp_path):
    whole = bytearray(clip("a.mp4", *TEN_BITS, "-movflags", "+faststart", sound=False).read_bytes())
    start = whole.index(b"mdat") + 4
    whole[start:] = bytes(len(whole) - start)
    path = tmp_path / "empty.mp4"
    path.write_bytes(whole)
    with pytest.raises(running.Failed):
        await transcode(path)


async def test_a_video_that_does_not_say_how_long_it_is(programs, clip, transcode):
    path = clip("a.h264", *X264, "-f", "h264", sound=False)
    assert (await probe(programs.ffprobe, path)).seconds == 0
    reports: list[tuple[float, float, str]] = []

    async def report(*told):
        reports.append(told)

    _, found = await transcode(path, report=report, transcode="all")
    assert found.seconds == pytest.approx(1, abs=0.3)
    assert reports[-1][:2] == (0.0, 1.0)
    assert reports[-1][2].startswith("10 frames")


def test_a_plan_without_pictures_to_encode_is_one_run(source):
    assert Plan(source=source(), hardware=Hardware("vaapi", "", True)).passes == 1
