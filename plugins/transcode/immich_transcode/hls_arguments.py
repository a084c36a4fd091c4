"""The arguments of ffmpeg for one run: from a segment of a variant to the end of the video, into a pipe."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from immich_transcode import hardware, software
from immich_transcode.filters import software_filters
from immich_transcode.hardware import Hardware
from immich_transcode.hls_grid import AAC_FRAME, SAMPLE_RATE, Grid
from immich_transcode.hls_variants import SOUND_BITS, Variant
from immich_transcode.probing import input_options
from immich_transcode.settings import FFmpegSettings
from immich_transcode.streams import Source, Video
from immich_transcode.targets import VideoTarget

_WARM_UP = 2
"""Packets of sound that are encoded and thrown away: the first ones of an encoder lack what came before."""

_LOOSE = {"mpegts": 10, "mpeg": 10}
"""Containers without an index, in which ffmpeg may land after the key frame: seconds to begin earlier."""

_MP4 = ("-avoid_negative_ts", "disabled", "-use_editlist", "0", "-fflags", "+bitexact", "-map_metadata", "-1")
_FRAGMENTS = ("-movflags", "+frag_keyframe+empty_moov+default_base_moof+frag_discont", "-f", "mp4", "-")


@dataclass(frozen=True, slots=True)
class Part:
    """What is made.

    Args:
        path: The video.
        source: Its streams.
        variant: Of the stream.
        grid: How the video is cut.
        first: The segment to begin with.
    """

    path: Path
    source: Source
    variant: Variant
    grid: Grid
    first: int


def stream_arguments(
    part: Part, settings: FFmpegSettings, device: Hardware | None = None, *, seeks: bool = True
) -> list[str]:
    """Arguments without the program; times in the output count from the start of the part.

    Where tone mapping is asked for, ffmpeg runs in a folder that holds `filters.CUBE`.

    Args:
        part: What is made.
        settings: The section `ffmpeg`.
        device: Encodes in place of software; never decodes, as seeking differs among them.
        seeks: Otherwise the file is decoded from its beginning, for those in which ffmpeg finds no way.
    """
    source = part.source
    target = part.variant.target(settings, source.video, part.grid.segment_frames)
    begin = [] if device is None else hardware.input_options(device.in_software, source.video, target)
    start = part.grid.start(part.first)
    lead = min(start, Fraction(_LOOSE.get(source.container, 0))) if seeks else start
    # not exact: what is shown when the segment begins may have begun before it
    jump = ["-noaccurate_seek", "-ss", f"{float(start - lead):.6f}"] if start > lead else []
    return [
        *("-nostdin", "-hide_banner", "-v", "error", *begin, *jump, *input_options(part.path)),
        *("-map", f"0:{source.video.index}", *_pictures(part, target, lead, device)),
        *(_sound(source.audio.index, part.grid, part.first, lead) if source.audio is not None else ()),
        *_MP4,
        *_FRAGMENTS,
    ]


def _pictures(part: Part, target: VideoTarget, lead: Fraction, device: Hardware | None) -> list[str]:
    video, grid = part.source.video, part.grid
    chain = [f"setpts=PTS-{float(lead):.6f}/TB"] if lead else []
    chain += [f"fps=fps={grid.rate}:start_time=0", "tpad=stop=-1:stop_mode=clone"]
    if device is None:
        chain += software_filters(video, target)
        options = [*software.video_options(target), *_closed(part.variant, video, grid)]
    else:
        chain += hardware.filters(device.in_software, video, target)
        options = [*hardware.video_options(device.in_software, target), *_forced(grid)]
    tag = ["-tag:v", "hvc1"] if target.codec == "hevc" else []
    left = grid.frames - part.first * grid.segment_frames
    return ["-vf", ",".join(chain), *options, *tag, "-fps_mode", "passthrough", "-frames:v", str(left)]


def _closed(variant: Variant, video: Video, grid: Grid) -> list[str]:
    """Key frames at the starts of segments and nowhere else, and the level that players were told."""
    frames, level = grid.segment_frames, variant.level(video, grid.rate)
    if variant.codec == "h264":
        # with 8x8 blocks it is High profile, as players were told, also at the fastest preset
        fixed = ["-keyint_min", str(frames), "-sc_threshold", "0"]
        return [*fixed, "-profile:v", "high", "-level", f"{level / 10}", "-x264-params", "8x8dct=1"]
    if variant.codec == "hevc":
        parameters = f"log-level=error:scenecut=0:open-gop=0:min-keyint={frames}:level-idc={level}:high-tier=0"
        return ["-x265-params", f"{parameters}:repeat-headers=0"]
    return ["-svtav1-params", f"scd=0:pred-struct=1:level={level}"]


def _forced(grid: Grid) -> list[str]:
    return ["-force_key_frames", f"expr:not(mod(n,{grid.segment_frames}))"]


def _sound(stream: int, grid: Grid, first: int, lead: Fraction) -> list[str]:
    opening = grid.sound_lead(first)
    end = float(grid.seconds - grid.start(first))
    chain = [
        *([f"asetpts=PTS-{float(lead):.6f}/TB"] if lead else ()),
        f"aresample={SAMPLE_RATE}",
        # a second one, as it counts in samples of what comes in
        f"aresample=async=1:first_pts={opening - _WARM_UP * AAC_FRAME}",
        "aformat=sample_fmts=fltp:channel_layouts=stereo",
        "apad",
        f"atrim=end={end:.6f}",
    ]
    return [
        *("-map", f"0:{stream}", "-af", ",".join(chain), "-c:a", "aac", "-b:a", str(SOUND_BITS)),
        *("-bsf:a", f"noise=drop=lt(pts\\,{opening})"),
    ]
