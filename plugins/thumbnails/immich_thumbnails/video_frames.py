"""Video: one representative frame, chosen and scaled by ffmpeg, handed over as bare pixels."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageStat

from immich_thumbnails import av1_frames
from immich_thumbnails.errors import NoFrameError
from immich_thumbnails.pixel_limits import check_pixels
from immich_thumbnails.probing import Stream, Tools, execute, input_options, probe

_SEARCHED_SECONDS = 20
_CANDIDATES = 12
_HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})
_DARK, _EVEN = 24, 12


def grab(path: Path, tools: Tools, *, short_side: int, pixel_limit: int, alpha: bool = False) -> Image.Image:
    """Take a frame: turned as the container says, square pixels, SDR, RGB (RGBA with `alpha`).

    Of the key frames of the first seconds the most typical one is taken; a nearly black one gives
    way to a later one.

    Raises:
        NoFrameError: There is no picture in it.
        DamagedFileError: ffprobe or ffmpeg cannot read it.
        TooManyPixelsError: A frame has more pixels than allowed.
    """
    stream = probe(path, tools)
    check_pixels((stream.width, stream.height), pixel_limit)
    chain = _filters(stream, short_side, alpha=alpha)

    def take(*options: str) -> Image.Image | None:
        return _run(path, tools, chain, options)

    frame = None if alpha else take("-skip_frame", "nointra", "-t", str(_SEARCHED_SECONDS))
    frame = frame or take()
    if frame is None and stream.codec == "av1":

        def take(*options: str) -> Image.Image | None:
            return av1_frames.key_frame(path, stream, tools, options, pixel_limit=pixel_limit)

        frame = take()
    if frame is None:
        raise NoFrameError(f"no frame of the video can be decoded (codec {stream.codec or 'unknown'})")
    return frame if alpha else _lighter(frame, take, stream.duration)


def _lighter(frame: Image.Image, take: Callable[..., Image.Image | None], duration: float) -> Image.Image:
    """The frame, or in place of a nearly black one a later one that shows something."""
    if duration <= 1 or not _is_blank(frame):
        return frame
    later = take("-ss", f"{min(duration * 0.3, 60):.3f}")
    return frame if later is None or _is_blank(later) else later


def _filters(stream: Stream, short_side: int, *, alpha: bool) -> str:
    factor = f"min(1,{short_side}/min(iw*sar,ih))"
    options = [
        f"w='max(1,round(iw*sar*{factor}))'",
        f"h='max(1,round(ih*{factor}))'",
        "flags=lanczos+accurate_rnd+full_chroma_int",
    ]
    chain = []
    if stream.has_reserved_colour:
        chain.append("setparams=color_primaries=unknown:color_trc=unknown:colorspace=unknown")
    if stream.transfer in _HDR_TRANSFERS:
        options += [
            "out_transfer=bt709",
            "out_primaries=bt709",
            "out_color_matrix=bt709",
            "out_range=tv",
            "intent=perceptual",
        ]
    elif stream.matrix in {"", "unknown", "reserved"} and stream.height >= 720:
        options.append("in_color_matrix=bt709")
    chain += ["scale=" + ":".join(options), "setsar=1", f"thumbnail=n={_CANDIDATES}"]
    return ",".join([*chain, "format=rgba" if alpha else "format=rgb24"])


def _run(path: Path, tools: Tools, chain: str, options: Sequence[str]) -> Image.Image | None:
    command = [str(tools.ffmpeg), "-nostdin", "-hide_banner", "-v", "error", "-threads", "2", *options]
    command += [*input_options(path), "-map", "0:V:0", "-vf", chain, "-frames:v", "1", "-c:v", "pam"]
    done = execute([*command, "-f", "image2pipe", "-"], tools.seconds)
    return _from_pam(done.stdout) if done.stdout.startswith(b"P7\n") else None


def _from_pam(data: bytes) -> Image.Image:
    """A PAM picture, as ffmpeg writes it: a text header of names and values, then the samples."""
    head, _, samples = data.partition(b"ENDHDR\n")
    fields = dict(line.split(b" ", 1) for line in head.splitlines()[1:])
    size = int(fields[b"WIDTH"]), int(fields[b"HEIGHT"])
    return Image.frombytes("RGBA" if fields[b"DEPTH"] == b"4" else "RGB", size, samples)


def _is_blank(frame: Image.Image) -> bool:
    statistics = ImageStat.Stat(frame.convert("L").resize((64, 64), reducing_gap=1.0))
    return statistics.mean[0] < _DARK and statistics.stddev[0] < _EVEN
