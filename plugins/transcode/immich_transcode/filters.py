"""The chain of filters that software takes pictures through."""

from immich_transcode.streams import Video
from immich_transcode.targets import VideoTarget

CUBE = "tone.cube"
"""Name of the colour cube (`tone.cube`) that tone mapping reads in the folder where ffmpeg runs."""

_709 = "color_primaries=bt709:color_trc=bt709"
_UNKNOWN = "setparams=color_primaries=unknown:color_trc=unknown:colorspace=unknown"


def software_filters(video: Video, target: VideoTarget, *, pixels: str = "yuv420p") -> list[str]:
    """Deinterlace, scale, tone map; ffmpeg turns the pictures itself. Ends with frames of 8 bits.

    Args:
        video: What comes in.
        target: What is to come out.
        pixels: The format that the encoder takes.
    """
    chain = ["bwdif=mode=send_frame:deint=interlaced"] if video.is_interlaced else []
    if video.has_reserved_colour:
        chain.append(_UNKNOWN)
    if target.is_mapped(video):
        return [*chain, *_mapping(video, target, pixels)]
    if needs_scaling(video, target):
        chain += [_scale(target), "setsar=1"]
    if pixels != "yuv420p" or not video.pixel_format.endswith("420p"):
        chain.append(f"format={pixels}")
    return chain


def needs_scaling(video: Video, target: VideoTarget) -> bool:
    """Whether frames have another size than they are stored in."""
    width, height = video.stored
    return target.size != ((height, width) if abs(video.rotation) == 90 else (width, height))


def _scale(target: VideoTarget, *more: str) -> str:
    width, height = target.size
    return ":".join([f"scale={width}:{height}", *more])


def _mapping(video: Video, target: VideoTarget, pixels: str) -> list[str]:
    # frames that do not say so are BT.2020, as all HDR is; 16 bits are the fastest for the cube
    matrix = [] if video.matrix.startswith("bt2020") else ["in_color_matrix=bt2020"]
    return [
        _scale(target, *matrix),
        "setsar=1",
        "format=gbrp16le",
        f"lut3d=file={CUBE}",
        f"setparams={_709}",
        "scale=out_color_matrix=bt709:out_range=tv",
        f"format={pixels}",
    ]
