"""The words that ffmpeg is given for hardware, and how it is found."""

from dataclasses import replace
from pathlib import Path

import pytest

from immich_transcode import devices
from immich_transcode.arguments import Plan, commands
from immich_transcode.hardware import Hardware
from immich_transcode.settings import FFmpegSettings
from immich_transcode.targets import VideoTarget

TARGET = VideoTarget(codec="h264", size=(1280, 720))
NODE = "/dev/dri/renderD128"


def words(source, kind: str, *, decodes: bool, streams: dict[str, object] | None = None, **target: object) -> str:
    device = "" if kind in {"nvenc", "rkmpp"} else NODE
    plan = Plan(
        source=source(**streams or {}),
        video=replace(TARGET, **target),  # type: ignore[arg-type]
        hardware=Hardware(kind, device, decodes),  # type: ignore[arg-type]
    )
    (command,) = commands(plan, Path("/in.mp4"), Path("/out.mp4"))
    return " ".join(command)


@pytest.mark.parametrize(
    ("kind", "before", "chain"),
    [
        ("nvenc", "-init_hw_device cuda=hw:0 -filter_hw_device hw -hwaccel cuda -hwaccel_output_format cuda",
         "scale_cuda=1280:720:format=nv12"),
        ("qsv", f"-init_hw_device qsv=hw,child_device={NODE} -filter_hw_device hw -hwaccel qsv"
         " -hwaccel_output_format qsv", "scale_qsv=1280:720:format=nv12"),
        ("vaapi", f"-init_hw_device vaapi=hw:{NODE} -filter_hw_device hw -hwaccel vaapi -hwaccel_output_format vaapi",
         "scale_vaapi=1280:720:format=nv12"),
        ("rkmpp", "-init_hw_device rkmpp=hw -filter_hw_device hw -hwaccel rkmpp -hwaccel_output_format drm_prime",
         "scale_rkrga=1280:720:format=nv12:afbc=1"),
    ],
)  # fmt: skip
def test_frames_stay_on_the_device(source, kind, before, chain):
    found = words(source, kind, decodes=True)
    assert f"{before} -noautorotate" in found
    assert found.index(before) < found.index("-i file:/in.mp4")
    assert f"-vf {chain} -c:v h264_{kind}" in found


@pytest.mark.parametrize(
    ("kind", "up"),
    [
        ("nvenc", ",hwupload_cuda"),
        ("qsv", ",hwupload=extra_hw_frames=64"),
        ("vaapi", ",hwupload=extra_hw_frames=64"),
        ("rkmpp", ""),
    ],
)
def test_decoded_in_software(source, kind, up):
    found = words(source, kind, decodes=False)
    assert "-hwaccel" not in found
    assert "-noautorotate" not in found
    assert f"-vf scale=1280:720,setsar=1,format=nv12{up} -c:v h264_{kind}" in found


@pytest.mark.parametrize("streams", [{"transfer": "smpte2084"}, {"is_interlaced": True}, {"has_reserved_colour": True}])
def test_what_only_software_can_do_is_decoded_there(source, streams):
    found = words(source, "vaapi", decodes=True, streams=streams)
    assert "-hwaccel" not in found
    assert "format=nv12,hwupload=extra_hw_frames=64" in found


def test_turned_pictures_stay_as_they_lie_on_the_device(source):
    upright = words(source, "vaapi", decodes=True, streams={"rotation": 90}, size=(720, 1280))
    assert "scale_vaapi=1280:720:format=nv12" in upright
    assert "scale_vaapi=format=nv12" in words(source, "vaapi", decodes=True, size=(1920, 1080))


@pytest.mark.parametrize(
    ("kind", "target", "expected"),
    [
        ("nvenc", {}, "-preset p1 -tune hq -rc-lookahead 20 -spatial-aq 1 -rc vbr -cq:v 23 -b:v 0"),
        ("nvenc", {"preset": "veryslow", "temporal_aq": True, "max_kilobits": 2900, "two_pass": True},
         "-preset p7 -tune hq -rc-lookahead 20 -spatial-aq 1 -temporal-aq 1 -rc vbr -multipass fullres -b:v 2000k"
         " -maxrate 2900k -bufsize 5800k"),
        ("nvenc", {"bframes": 4, "refs": 2, "gop_size": 60}, "-g 60 -bf 4 -refs 2"),
        ("qsv", {}, "-preset 7 -global_quality:v 23"),
        ("qsv", {"cq_mode": "cqp", "preset": "veryslow", "max_kilobits": 1000, "bframes": 16},
         "-preset 1 -q:v 23 -maxrate 1000k -bufsize 2000k -bf 7"),
        ("qsv", {"codec": "vp9"}, "-c:v vp9_qsv -preset 7 -low_power 1 -q:v 23"),
        ("vaapi", {}, "-compression_level 7 -rc_mode ICQ -global_quality:v 23"),
        ("vaapi", {"cq_mode": "cqp"}, "-rc_mode CQP -qp:v 23 -global_quality:v 23"),
        ("vaapi", {"max_kilobits": 2900}, "-rc_mode VBR -b:v 2000k -maxrate 2900k -bufsize 5800k"),
        ("vaapi", {"codec": "hevc"}, "-c:v hevc_vaapi -compression_level 7 -rc_mode ICQ"
         " -global_quality:v 23 -tag:v hvc1"),
        ("rkmpp", {}, "-rc_mode CQP -qp_init 23"),
        ("rkmpp", {"max_kilobits": 2900}, "-rc_mode AVBR -b:v 2000k -maxrate 2900k -bufsize 5800k"),
    ],
)  # fmt: skip
def test_encoders(source, kind, target, expected):
    assert expected in words(source, kind, decodes=True, **target)


@pytest.fixture
def nodes(tmp_path: Path) -> Path:
    folder = tmp_path / "dri"
    folder.mkdir()
    for name in ("renderD129", "renderD128", "card0", "card1", "by-path"):
        (folder / name).touch()
    return folder


def test_the_last_render_node_is_taken(nodes):
    found = devices.find(FFmpegSettings(accel="vaapi"), "h264", folder=nodes)
    assert found == Hardware("vaapi", f"{nodes}/renderD129", decodes=True)
    for name in ("renderD129", "renderD128"):
        (nodes / name).unlink()
    found = devices.find(FFmpegSettings(accel="qsv", accel_decode=False), "h264", folder=nodes)
    assert found == Hardware("qsv", f"{nodes}/card1", decodes=False)


@pytest.mark.parametrize("named", ["renderD128", "{}/renderD128"])
def test_a_device_may_be_named(nodes, named):
    settings = FFmpegSettings(accel="vaapi", preferred_hw_device=named.format(nodes))
    assert devices.find(settings, "h264", folder=nodes) == Hardware("vaapi", f"{nodes}/renderD128", True)


@pytest.mark.parametrize(("preferred", "device"), [("auto", ""), ("1", "1"), ("renderD128", "")])
def test_nvidia_cards_have_numbers(nodes, preferred, device):
    settings = FFmpegSettings(accel="nvenc", target_video_codec="hevc", preferred_hw_device=preferred)
    assert devices.find(settings, "h264", folder=nodes) == Hardware("nvenc", device, decodes=True)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"accel": "vaapi", "preferred_hw_device": "renderD200"}, "no device renderD200"),
        ({"accel": "vaapi", "preferred_hw_device": "/dev/snd"}, "no device /dev/snd"),
        ({"accel": "rkmpp", "target_video_codec": "av1"}, "rkmpp does not encode av1"),
    ],
)
def test_why_there_is_none(nodes, settings, reason):
    with pytest.raises(devices.Unavailable, match=reason):
        devices.find(FFmpegSettings(**settings), settings.get("target_video_codec", "h264"), folder=nodes)


@pytest.mark.parametrize("accel", ["vaapi", "qsv", "rkmpp"])
def test_a_machine_without_devices(tmp_path, accel):
    with pytest.raises(devices.Unavailable, match="no device in"):
        devices.find(FFmpegSettings(accel=accel), "h264", folder=tmp_path / "nowhere")


def test_none_is_asked_for():
    assert devices.find(FFmpegSettings(), "h264") is None
