"""Running ffprobe, and how both programs are made to open one file and nothing else."""

import asyncio
from pathlib import Path

import orjson

from immich_transcode.streams import Source, read_report

LIMIT_SECONDS = 120.0

_DEMUXERS = (
    "mov,matroska,webm,avi,mpegts,mpegtsraw,mpeg,mpegvideo,h264,hevc,m4v,flv,live_flv,asf,mxf,ogg,dv,gif,obu,ivf,rm"
)
"""Containers of pictures only: no playlists, which would name further files to read."""

_STILLS = "png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe,gif_pipe,jpegxl_pipe,j2k_pipe,qoi_pipe,psd_pipe"


class Unreadable(RuntimeError):
    """A file that ffprobe cannot read, or that has no pictures; the message says why."""


class StillPicture(Unreadable):
    """A photo that is called a video."""


def input_options(path: Path, demuxers: str = _DEMUXERS) -> list[str]:
    """Arguments that open `path`, neither network nor files that it names."""
    return ["-protocol_whitelist", "file", "-format_whitelist", demuxers, "-i", f"file:{path}"]


async def probe(ffprobe: Path, path: Path) -> Source:
    """The streams of a file.

    Raises:
        Unreadable: It cannot be read, or has no pictures.
        StillPicture: It is a photo.
        FileNotFoundError: It is not there.
    """
    process = await asyncio.create_subprocess_exec(
        ffprobe, "-v", "error", "-of", "json", "-show_streams", "-show_format",
        *input_options(path, f"{_DEMUXERS},{_STILLS}"),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            output, complaints = await process.communicate()
    except TimeoutError as error:
        raise Unreadable(f"the video was not read within {LIMIT_SECONDS:.0f} seconds") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        if not await asyncio.to_thread(path.exists):
            raise FileNotFoundError(path)
        raise Unreadable(f"the video cannot be read: {_last_line(complaints)}")
    report = orjson.loads(output or b"{}")
    if report.get("format", {}).get("format_name") in _STILLS.split(","):
        raise StillPicture("the file is a photo")
    source = read_report(report)
    if source is None:
        raise Unreadable("the file holds no video stream")
    return source


def _last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "no reason given"
