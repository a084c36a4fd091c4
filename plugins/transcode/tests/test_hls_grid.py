"""How a video is cut and offered, without making anything."""

import asyncio
from fractions import Fraction

import pytest

from immich_transcode.hls_boxes import Damaged, boxes, move, timescales
from immich_transcode.hls_grid import AAC_FRAME, SAMPLE_RATE, Grid, grid_of
from immich_transcode.hls_playlists import credentials, media_playlist
from immich_transcode.hls_variants import Variant, offered
from immich_transcode.settings import Realtime


@pytest.mark.parametrize(
    ("frame_rate", "rate", "seconds"),
    [
        (29.97, Fraction(30_000, 1001), Fraction(2002, 1000)),
        (23.976, Fraction(24_000, 1001), Fraction(2002, 1000)),
        (29.87, Fraction(30_000, 1001), Fraction(2002, 1000)),
        (25, Fraction(25), 2),
        (14.7, Fraction(15), 2),
        (0.2, Fraction(1), 2),
        (240, Fraction(60), 2),
        (0, Fraction(30), 2),
    ],
)
def test_rates_become_usual_ones_and_segments_about_two_seconds(frame_rate, rate, seconds):
    grid = grid_of(frame_rate, 100)
    assert (grid.rate, grid.segment_seconds) == (rate, seconds)
    assert grid.segment_frames / rate == seconds


@pytest.mark.parametrize("seconds", [0.01, 1.9, 2, 2.02, 7.3, 3599.97])
@pytest.mark.parametrize("rate", [1, 23.976, 25, 60])
def test_segments_fill_the_video(rate, seconds):
    grid = grid_of(rate, seconds)
    lengths = [grid.length(segment) for segment in range(grid.count)]
    assert all(length > 0 for length in lengths)
    assert sum(lengths) == grid.seconds
    assert abs(grid.seconds - Fraction(seconds)) <= 1 / grid.rate
    assert grid.start(grid.count - 1) + lengths[-1] == grid.seconds


def test_a_moment_is_in_its_segment():
    grid = grid_of(25, 11)
    assert [grid.at(each) for each in (0, 1.99, 2, 10.5, 11, 1e12)] == [0, 0, 1, 5, 5, 5]


def test_sound_begins_at_whole_packets_of_the_whole_video():
    grid = grid_of(29.97, 60)
    for segment in range(grid.count):
        first = grid.start(segment) * SAMPLE_RATE + grid.sound_lead(segment)
        assert first % AAC_FRAME == 0
        assert 0 <= grid.sound_lead(segment) < AAC_FRAME


def test_the_playlist_is_whole_before_anything_is_made():
    text = media_playlist(Grid(Fraction(25), 130), "?key=a")
    assert text.splitlines()[3:] == [
        *("#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-INDEPENDENT-SEGMENTS"),
        '#EXT-X-MAP:URI="init.mp4?key=a"',
        *("#EXTINF:2.000000,", "seg_0.m4s?key=a", "#EXTINF:2.000000,", "seg_1.m4s?key=a"),
        *("#EXTINF:1.200000,", "seg_2.m4s?key=a", "#EXT-X-ENDLIST"),
    ]


def test_only_credentials_go_on_into_playlists_and_cannot_break_out_of_them():
    assert credentials("") == ""
    assert credentials("x=1&key=a%22%0Ab&slug=c") == "?key=a%22%0Ab&slug=c"


@pytest.mark.parametrize(
    ("width", "height", "allowed", "found"),
    [
        (1920, 1080, (480, 720, 1080), [(852, 480), (1280, 720), (1920, 1080)]),
        (1080, 1920, (1080, 480), [(480, 852), (1080, 1920)]),
        (1600, 900, (480, 720, 1080), [(852, 480), (1280, 720), (1600, 900)]),
        (640, 360, (480, 720), [(640, 360)]),
        (3840, 2160, (480,), [(852, 480)]),
        (640, 360, (), [(640, 360)]),
    ],
)
def test_variants_are_no_larger_than_the_video(source, width, height, allowed, found):
    video = source(width=width, height=height).video
    variants = offered(video, Realtime(resolutions=allowed, video_codecs=("h264",)))
    assert [each.size(video) for each in variants] == found


def test_variants_by_codec_as_the_settings_name_them(source):
    video = source().video
    variants = offered(video, Realtime(resolutions=(480, 720), video_codecs=("hevc", "vp9", "h264")))
    assert [(each.codec, each.resolution, each.bitrate) for each in variants] == [
        *(("hevc", 480, 1_200_000), ("hevc", 720, 2_500_000)),
        *(("h264", 480, 2_500_000), ("h264", 720, 5_000_000)),
    ]
    only = offered(video, Realtime(resolutions=(480,), video_codecs=("vp9",)))
    assert [each.codec for each in only] == ["h264"]


@pytest.mark.parametrize(
    ("codec", "resolution", "rate", "said"),
    [
        ("h264", 480, 30, "avc1.64001F,mp4a.40.2"),
        ("h264", 1080, 30, "avc1.640028,mp4a.40.2"),
        ("h264", 1080, 60, "avc1.64002A,mp4a.40.2"),
        ("hevc", 720, 30, "hvc1.1.6.L93.90,mp4a.40.2"),
        ("hevc", 1080, 60, "hvc1.1.6.L123.90,mp4a.40.2"),
        ("av1", 1080, 30, "av01.0.08M.08,mp4a.40.2"),
    ],
)
def test_players_are_told_codec_profile_and_level(source, codec, resolution, rate, said):
    assert Variant(codec, resolution, 1).codecs(source().video, Fraction(rate), has_sound=True) == said


async def _read(data: bytes) -> list[bytes]:
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    return [kind async for kind, _ in boxes(stream)]


async def test_what_is_cut_short_is_left_out():
    assert await _read(b"\0\0\0\x0cftypabcd\0\0\0\x20mdatabc") == [b"ftyp"]


@pytest.mark.parametrize("size", [b"\0\0\0\0", b"\0\0\0\x07", b"\xff\xff\xff\xff"])
async def test_sizes_that_cannot_be_are_damage(size):
    with pytest.raises(Damaged):
        await _read(size + b"mdat")


@pytest.mark.parametrize("inner", [b"", b"\0\0\0\x08mfhx", b"\0\0\0\x04mfhd"])
def test_a_fragment_without_what_it_needs_is_damage(inner):
    with pytest.raises(Damaged):
        move(bytearray(b"\0\0\0\x08moof" + inner), 1, Fraction(2), {})
    with pytest.raises(Damaged):
        timescales(b"\0\0\0\x10moov\0\0\0\x08trak")
