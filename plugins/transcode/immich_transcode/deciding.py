"""Whether a video needs a playable copy, and what is to become of its streams."""

from immich_transcode.arguments import Plan
from immich_transcode.settings import FFmpegSettings, kilobits
from immich_transcode.sizing import is_larger, short_side
from immich_transcode.streams import Source, Video
from immich_transcode.targets import AudioTarget, VideoTarget


def decide(settings: FFmpegSettings, source: Source) -> Plan | None:
    """The plan for a copy, in software; None where the original will do.

    Where both streams will do and only the container does not, they are copied into another.
    """
    if settings.transcode == "disabled":
        return None
    video = needs_video(settings, source.video)
    audio = needs_audio(settings, source)
    if not video and not audio and is_accepted(settings, source.container):
        return None
    return Plan(
        source=source,
        video=VideoTarget.of(settings, source.video) if video else None,
        audio=AudioTarget(codec=settings.target_audio_codec) if audio else None,
    )


def needs_video(settings: FFmpegSettings, video: Video) -> bool:
    """Whether the pictures have to be encoded; what is not 8 bits 4:2:0 always has to."""
    if settings.transcode == "all":
        return True
    if video.codec not in settings.accepted_video_codecs or not video.pixel_format.endswith("420p"):
        return True
    if settings.transcode == "optimal":
        return is_larger(video, short_side(settings.target_resolution))
    limit = kilobits(settings.max_bitrate) * 1000
    return settings.transcode == "bitrate" and limit > 0 and video.bitrate > limit


def needs_audio(settings: FFmpegSettings, source: Source) -> bool:
    """Whether the sound has to be encoded."""
    if source.audio is None:
        return False
    return settings.transcode == "all" or source.audio.codec not in settings.accepted_audio_codecs


def is_accepted(settings: FFmpegSettings, container: str) -> bool:
    """Whether the container will do; MP4 always does."""
    return container == "mp4" or container in settings.accepted_containers
