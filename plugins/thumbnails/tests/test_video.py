"""Videos and GIFs, made and read by the real ffmpeg."""

import subprocess

import pytest
from PIL import Image

from immich_host.testing.waiting import PATIENCE
from immich_thumbnails import probing, video_frames
from immich_thumbnails.errors import DamagedFileError, NoFrameError, TooManyPixelsError
from immich_thumbnails.settings import Limits

RGB = "color=red:s=640x360:d=2:r=10,drawbox=w=320:h=180:c=lime:t=fill,drawbox=x=320:y=180:w=320:h=180:c=blue:t=fill"
X264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "ultrafast")


def spots(image: Image.Image) -> str:
    """Which of red, green, blue each quarter shows, clockwise from the top left."""
    w, h = image.size
    places = [(w // 4, h // 4), (3 * w // 4, h // 4), (3 * w // 4, 3 * h // 4), (w // 4, 3 * h // 4)]
    pixels = [image.convert("RGB").getpixel(place) for place in places]
    return "".join("RGB"[max(range(3), key=pixel.__getitem__)] for pixel in pixels)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("clip.mp4", X264),
        ("clip.mov", ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")),
        ("clip.webm", ("-c:v", "libvpx", "-b:v", "500k")),
        ("clip.mkv", ("-c:v", "libsvtav1", "-preset", "10")),
        ("clip.ts", X264),
        ("clip.avi", ("-c:v", "mpeg4")),
        ("clip.mpg", ("-c:v", "mpeg2video", "-r", "25")),
        ("clip.wmv", ("-c:v", "wmv1")),
        ("clip.flv", ("-c:v", "flv")),
    ],
)
def test_containers_and_codecs(name, codec, make_video, rendered, picture_of):
    path = make_video(name, RGB, *codec)
    result = rendered(path, is_video=True)
    image = picture_of(result, "preview")[1]
    assert (image.size, spots(image)) == ((640, 360), "GRBR")
    assert picture_of(result, "thumbnail")[1].size == (444, 250)
    assert result.thumbhash
    assert result == rendered(path, is_video=True)


@pytest.mark.parametrize(("turn", "size", "seen"), [(90, (360, 640), "RBRG"), (180, (640, 360), "BRGR")])
def test_rotation_of_the_container(turn, size, seen, make_video, tools, tmp_path, rendered, picture_of):
    plain = make_video("plain.mp4", RGB, *X264)
    path = tmp_path / "turned.mp4"
    command = [str(tools.ffmpeg), "-v", "error", "-display_rotation", str(turn), "-i", str(plain)]
    subprocess.run([*command, "-c", "copy", str(path)], check=True, timeout=PATIENCE)
    image = picture_of(rendered(path, is_video=True), "preview")[1]
    assert (image.size, spots(image)) == (size, seen)


def test_av1_is_turned_too(make_video, tools, tmp_path, rendered, picture_of):
    plain = make_video("plain.mp4", RGB, "-c:v", "libsvtav1", "-preset", "10")
    path = tmp_path / "turned.mp4"
    command = [str(tools.ffmpeg), "-v", "error", "-display_rotation", "90", "-i", str(plain)]
    subprocess.run([*command, "-c", "copy", str(path)], check=True, timeout=PATIENCE)
    image = picture_of(rendered(path, is_video=True), "preview")[1]
    assert (image.size, spots(image)) == ((360, 640), "RBRG")


def test_pixels_that_are_not_square_are_made_so(make_video, rendered, picture_of):
    path = make_video("wide.mp4", RGB, "-vf", "setsar=2", *X264)
    assert picture_of(rendered(path, is_video=True), "preview")[1].size == (1280, 360)


def test_large_video_is_shrunk_by_its_short_side(make_video, rendered, picture_of):
    path = make_video("large.mp4", "testsrc2=s=2900x1502:d=0.3:r=10", *X264)
    assert picture_of(rendered(path, is_video=True), "preview")[1].size == (2780, 1440)


def test_odd_size_and_a_single_frame(make_video, rendered, picture_of):
    path = make_video("odd.mkv", "color=teal:s=321x203:d=1:r=1", "-pix_fmt", "yuv444p", "-c:v", "ffv1")
    assert picture_of(rendered(path, is_video=True), "preview")[1].size == (321, 203)


def test_a_black_start_gives_way_to_a_later_picture(make_video, rendered, picture_of):
    source = "color=black:s=320x240:d=4:r=5[a];color=red:s=320x240:d=8:r=5[b];[a][b]concat"
    path = make_video("fade.mp4", source, "-g", "500", "-sc_threshold", "0", *X264)
    assert picture_of(rendered(path, is_video=True), "preview")[1].getpixel((100, 100))[0] > 200


def test_an_all_black_video_has_a_black_picture(make_video, rendered, picture_of):
    path = make_video("night.mp4", "color=black:s=320x240:d=3:r=5", *X264)
    assert picture_of(rendered(path, is_video=True), "preview")[1].getpixel((100, 100))[0] < 10


@pytest.mark.parametrize(("transfer", "code"), [("arib-std-b67", 0.9), ("smpte2084", 0.75)])
def test_hdr_is_toned_down_to_sdr(transfer, code, make_video, rendered, picture_of):
    """Left a highlight five times as bright as paper, right a mid grey: both keep a tone of their own."""
    luma = f"if(lt(X,64),{64 + int(876 * code)},{64 + 876 * 0.45})"
    source = f"color=black:s=128x96:d=0.3:r=10,format=yuv420p10le,geq=lum='{luma}':cb=512:cr=512"
    parameters = f"log-level=none:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
    codec = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params", parameters)
    path = make_video("hdr.mp4", source, *codec)
    image = picture_of(rendered(path, is_video=True), "preview")[1]
    assert 180 < image.getpixel((20, 48))[1] < 250
    assert 70 < image.getpixel((110, 48))[1] < 160


def test_colour_numbers_without_a_meaning_do_no_harm(make_video, rendered, picture_of):
    reserved = "h264_metadata=colour_primaries=3:transfer_characteristics=3:matrix_coefficients=3"
    path = make_video("odd.mp4", RGB, *X264, "-bsf:v", reserved)
    assert spots(picture_of(rendered(path, is_video=True), "preview")[1]) == "GRBR"


def test_a_cover_picture_is_no_video(make_video, tools, tmp_path, rendered):
    sound = make_video("sound.m4a", "sine=d=1", "-c:a", "aac")
    cover, path = tmp_path / "cover.jpg", tmp_path / "song.mp4"
    Image.new("RGB", (64, 64), "red").save(cover)
    command = [str(tools.ffmpeg), "-v", "error", "-i", str(sound), "-i", str(cover), "-map", "0", "-map", "1"]
    subprocess.run(
        [*command, "-c", "copy", "-disposition:v:0", "attached_pic", str(path)], check=True, timeout=PATIENCE
    )
    with pytest.raises(NoFrameError):
        rendered(path, is_video=True)


def test_sound_alone_has_no_picture(make_video, rendered):
    path = make_video("sound.mp4", "sine=d=1", "-c:a", "aac")
    with pytest.raises(NoFrameError, match="no video stream"):
        rendered(path, is_video=True)


def test_a_video_cut_before_its_index(make_video, tmp_path, rendered):
    whole = make_video("whole.mp4", RGB, *X264).read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedFileError):
        rendered(path, is_video=True)


def test_a_video_cut_in_the_middle_still_shows_its_start(make_video, tmp_path, rendered, picture_of):
    whole = make_video("whole.mkv", "testsrc2=s=320x240:d=4:r=10", "-c:v", "ffv1").read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole[: len(whole) // 2])
    assert picture_of(rendered(path, is_video=True), "preview")[1].size == (320, 240)


def test_text_called_mp4(tmp_path, rendered):
    path = tmp_path / "notes.mp4"
    path.write_text("Dear diary\n" * 100)
    with pytest.raises(DamagedFileError):
        rendered(path, is_video=True)


def test_a_playlist_called_mp4_reads_no_other_file(make_video, tmp_path, rendered):
    other = make_video("other.ts", RGB, *X264)
    path = tmp_path / "list.mp4"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{other}\n#EXT-X-ENDLIST\n")
    with pytest.raises(DamagedFileError):
        rendered(path, is_video=True)


def test_a_video_called_jpg_is_shown_as_what_it_is(make_video, tmp_path, rendered, picture_of):
    path = tmp_path / "photo.jpg"
    path.write_bytes(make_video("clip.mp4", RGB, *X264).read_bytes())
    assert picture_of(rendered(path), "preview")[1].size == (640, 360)


def test_the_pixel_limit_holds_for_frames(make_video, rendered):
    path = make_video("clip.mp4", RGB, *X264)
    with pytest.raises(TooManyPixelsError):
        rendered(path, is_video=True, limits=Limits(pixel_limit=100_000))


def test_a_run_that_takes_too_long_is_ended(make_video, tools):
    path = make_video("clip.mp4", RGB, *X264)
    hurried = probing.Tools(tools.ffmpeg, tools.ffprobe, seconds=0.0001)
    with pytest.raises(DamagedFileError, match="not read within"):
        video_frames.grab(path, hurried, short_side=100, pixel_limit=10**9)


@pytest.mark.parametrize("frames", [1, 5])
def test_gif(frames, tmp_path, rendered, picture_of):
    path = tmp_path / "moving.gif"
    images = [Image.new("RGB", (300, 200), (200, 10 * at, 30)) for at in range(frames)]
    images[0].save(path, save_all=True, append_images=images[1:], duration=100)
    result = rendered(path)
    assert picture_of(result, "preview")[1].size == (300, 200)
    assert picture_of(result, "preview")[1].getpixel((150, 100))[0] > 180
    assert not picture_of(result, "thumbnail")[0].is_transparent


def test_transparent_gif(tmp_path, rendered, picture_of):
    path = tmp_path / "logo.gif"
    image = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    image.paste((0, 0, 250, 255), (100, 50, 200, 150))
    image.save(path)
    result = rendered(path)
    assert picture_of(result, "thumbnail")[0].is_transparent
    assert picture_of(result, "preview")[1].getpixel((5, 5)) == (255, 255, 255)


def test_broken_gif(tmp_path, rendered):
    path = tmp_path / "broken.gif"
    path.write_bytes(b"GIF89a\x10\x00\x10\x00")
    with pytest.raises((DamagedFileError, NoFrameError)):
        rendered(path)
