"""The arguments of ffmpeg for one file: pure, from streams and targets to lists of words."""

from dataclasses import dataclass
from pathlib import Path

from immich_transcode import hardware, software
from immich_transcode.filters import software_filters
from immich_transcode.hardware import Hardware
from immich_transcode.probing import input_options
from immich_transcode.streams import Source
from immich_transcode.targets import AudioTarget, VideoTarget

_COMMON = ("-nostdin", "-hide_banner", "-v", "error", "-progress", "pipe:1", "-stats_period", "1")
"""Before everything: errors go to standard error, progress to standard output."""

_STATISTICS = "passes"
"""Start of the names of the files in which a first pass leaves what the second one reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What becomes of a file's streams; None: the stream is copied."""

    source: Source
    video: VideoTarget | None = None
    audio: AudioTarget | None = None
    hardware: Hardware | None = None

    @property
    def encoders(self) -> frozenset[str]:
        """Names of the encoders that ffmpeg has to have; those in software too, for where hardware fails."""
        names = {software.AUDIO_ENCODERS[self.audio.codec]} if self.audio is not None else set[str]()
        if self.video is not None:
            names.add(software.VIDEO_ENCODERS[self.video.codec])
            if self.hardware is not None:
                names.add(hardware.encoder(self.hardware.kind, self.video.codec))
        return frozenset(names)

    @property
    def passes(self) -> int:
        """How often ffmpeg runs."""
        return 1 if self.video is None or self.hardware is not None else software.passes(self.video)


def commands(plan: Plan, path: Path, output: Path) -> list[list[str]]:
    """Arguments (without the program) of the runs, one after the other, that write an MP4 file.

    Where tone mapping is asked for, ffmpeg runs in a folder that holds `filters.CUBE`.
    """
    head = [*_COMMON, *_before_input(plan), *input_options(path)]
    pictures = ["-map", f"0:{plan.source.video.index}", *_video_options(plan)]
    body = [*head, *pictures, *_audio_options(plan), "-map_metadata", "-1", "-map_chapters", "-1"]
    container = ["-movflags", "+faststart", "-f", "mp4", "-y", str(output)]
    if plan.passes == 1:
        return [[*body, *container]]
    return [[*head, *pictures, *_pass(1), "-f", "null", "-"], [*body, *_pass(2), *container]]


def _before_input(plan: Plan) -> list[str]:
    if plan.video is None or plan.hardware is None:
        return []
    return hardware.input_options(plan.hardware, plan.source.video, plan.video)


def _video_options(plan: Plan) -> list[str]:
    """Filters and encoder, or a copy."""
    video, target = plan.source.video, plan.video
    tag = ["-tag:v", "hvc1"] if (target or video).codec == "hevc" else []
    if target is None:
        return ["-c:v", "copy", *tag]
    if plan.hardware is None:
        chain, options = software_filters(video, target), software.video_options(target)
    else:
        chain = hardware.filters(plan.hardware, video, target)
        options = hardware.video_options(plan.hardware, target)
    return [*(["-vf", ",".join(chain)] if chain else []), *options, *tag, "-fps_mode", "passthrough"]


def _audio_options(plan: Plan) -> list[str]:
    """Encoder, or a copy; nothing where the file is silent."""
    if plan.source.audio is None:
        return []
    options = ["-c:a", "copy"] if plan.audio is None else software.audio_options(plan.audio.codec)
    return ["-map", f"0:{plan.source.audio.index}", *options]


def _pass(number: int) -> list[str]:
    return ["-pass", str(number), "-passlogfile", _STATISTICS]
