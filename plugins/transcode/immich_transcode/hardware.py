"""Options of the encoders in hardware; which of them are there is found out by `devices`."""

from dataclasses import dataclass, replace
from typing import Literal

from immich_transcode.filters import needs_scaling, software_filters
from immich_transcode.settings import VideoCodec
from immich_transcode.software import ceiling
from immich_transcode.streams import Video
from immich_transcode.targets import VideoTarget

type Kind = Literal["nvenc", "qsv", "vaapi", "rkmpp"]

CODECS: dict[Kind, tuple[VideoCodec, ...]] = {
    "nvenc": ("h264", "hevc", "av1"),
    "qsv": ("h264", "hevc", "vp9", "av1"),
    "vaapi": ("h264", "hevc", "vp9", "av1"),
    "rkmpp": ("h264", "hevc"),
}

_API = {"nvenc": "cuda", "qsv": "qsv", "vaapi": "vaapi", "rkmpp": "rkmpp"}
_SURFACE = {"nvenc": "cuda", "qsv": "qsv", "vaapi": "vaapi", "rkmpp": "drm_prime"}


@dataclass(frozen=True, slots=True)
class Hardware:
    """What encodes, and whether it decodes too.

    Args:
        kind: The family of encoders.
        device: What ffmpeg opens: a path in /dev/dri, the number of an NVIDIA card, or empty.
        decodes: Frames stay on the device from the file to the encoder.
    """

    kind: Kind
    device: str
    decodes: bool

    @property
    def in_software(self) -> "Hardware":
        """The same, decoding in software."""
        return replace(self, decodes=False)


def encoder(kind: Kind, codec: VideoCodec) -> str:
    """What ffmpeg calls an encoder, e.g. `hevc_vaapi`."""
    return f"{codec}_{kind}"


def input_options(hardware: Hardware, video: Video, target: VideoTarget) -> list[str]:
    """Which device is opened, and whether it decodes."""
    options = _device(hardware)
    if _stays(hardware, video, target):
        # frames on a device cannot be turned: the turn goes on to players, as the file had it
        options += ["-hwaccel", _API[hardware.kind], "-hwaccel_output_format", _SURFACE[hardware.kind]]
        options += ["-noautorotate", *(["-afbc", "rga"] if hardware.kind == "rkmpp" else [])]
    return options


def filters(hardware: Hardware, video: Video, target: VideoTarget) -> list[str]:
    """Scaling on the device where frames are there already, else in software, and up to the device."""
    if not _stays(hardware, video, target):
        upload = {"nvenc": ["hwupload_cuda"], "rkmpp": []}.get(hardware.kind, ["hwupload=extra_hw_frames=64"])
        return [*software_filters(video, target, pixels="nv12"), *upload]
    width, height = target.size
    if abs(video.rotation) == 90:
        width, height = height, width
    size = f"{width}:{height}:" if needs_scaling(video, target) else ""
    return [
        {
            "nvenc": f"scale_cuda={size}format=nv12",
            "qsv": f"scale_qsv={size}format=nv12",
            "vaapi": f"scale_vaapi={size}format=nv12",
            "rkmpp": f"scale_rkrga={size}format=nv12:afbc=1",
        }[hardware.kind]
    ]


def video_options(hardware: Hardware, target: VideoTarget) -> list[str]:
    """Encoder, quality, bitrate and structure."""
    options = {"nvenc": _nvenc, "qsv": _qsv, "vaapi": _vaapi, "rkmpp": _rkmpp}[hardware.kind](target)
    structure = ["-g", str(target.gop_size)] if target.gop_size else []
    if hardware.kind != "rkmpp" and target.bframes >= 0:
        structure += ["-bf", str(min(target.bframes, 7))]
    if hardware.kind != "rkmpp" and target.refs:
        structure += ["-refs", str(target.refs)]
    return ["-c:v", encoder(hardware.kind, target.codec), *options, *structure]


def _stays(hardware: Hardware, video: Video, target: VideoTarget) -> bool:
    """Whether frames never leave the device: what only software does (tone mapping, fields) brings them down."""
    return hardware.decodes and not (target.is_mapped(video) or video.is_interlaced or video.has_reserved_colour)


def _device(hardware: Hardware) -> list[str]:
    opened = {
        "nvenc": f"cuda=hw:{hardware.device or 0}",
        "qsv": f"qsv=hw,child_device={hardware.device}",
        "vaapi": f"vaapi=hw:{hardware.device}",
        "rkmpp": "rkmpp=hw",
    }[hardware.kind]
    return ["-init_hw_device", opened, "-filter_hw_device", "hw"]


def _nvenc(target: VideoTarget) -> list[str]:
    # p1 is the fastest of seven presets
    preset = min(7, max(1, 8 - target.speed))
    options = ["-preset", f"p{preset}", "-tune", "hq", "-rc-lookahead", "20", "-spatial-aq", "1"]
    options += ["-temporal-aq", "1"] if target.temporal_aq else []
    options += ["-rc", "vbr"]
    if target.max_kilobits and target.two_pass:
        return [*options, "-multipass", "fullres", "-b:v", f"{target.average_kilobits}k", *ceiling(target)]
    return [*options, "-cq:v", str(target.crf), "-b:v", "0", *ceiling(target)]


def _qsv(target: VideoTarget) -> list[str]:
    # 7 is the fastest of seven presets
    options = ["-preset", str(min(7, target.speed + 1))]
    options += ["-low_power", "1"] if target.codec == "vp9" else []
    quality = "-q:v" if _constant_quantiser(target) else "-global_quality:v"
    return [*options, quality, str(target.crf), *ceiling(target)]


def _vaapi(target: VideoTarget) -> list[str]:
    options = ["-compression_level", str(min(7, target.speed + 1))]
    if target.max_kilobits:
        average = target.average_kilobits
        return [*options, "-rc_mode", "VBR", "-b:v", f"{average}k", *ceiling(target)]
    if _constant_quantiser(target):
        return [*options, "-rc_mode", "CQP", "-qp:v", str(target.crf), "-global_quality:v", str(target.crf)]
    return [*options, "-rc_mode", "ICQ", "-global_quality:v", str(target.crf)]


def _constant_quantiser(target: VideoTarget) -> bool:
    """Left to itself it is constant quality by eye (ICQ), but for VP9, whose drivers have none."""
    return target.cq_mode == "cqp" or (target.cq_mode == "auto" and target.codec == "vp9")


def _rkmpp(target: VideoTarget) -> list[str]:
    if target.max_kilobits:
        return ["-rc_mode", "AVBR", "-b:v", f"{target.average_kilobits}k", *ceiling(target)]
    return ["-rc_mode", "CQP", "-qp_init", str(target.crf)]
