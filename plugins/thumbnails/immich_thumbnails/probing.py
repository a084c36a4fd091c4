"""What ffprobe says about a video, and how the programs are run: bounded in time, on that file only."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from immich_thumbnails.errors import DamagedFileError, NoFrameError

_DEMUXERS = "mov,matroska,webm,avi,mpegts,mpegtsraw,mpeg,mpegvideo,h264,hevc,m4v,flv,asf,mxf,ogg,dv,gif,obu,ivf,rm"
"""Containers of pictures only: no playlists, which would name further files to read."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Where the programs are, and how long one run of ffmpeg may take."""

    ffmpeg: Path
    ffprobe: Path
    seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Stream:
    """The first real video stream.

    Args:
        codec: ffmpeg's name of it.
        width: Of a stored frame, before it is turned.
        height: Likewise.
        duration: Seconds; 0 if unknown.
        rotation: Degrees counter-clockwise by which a player turns the picture: -90, 0, 90 or 180.
        transfer: Transfer characteristics, e.g. `bt709`; empty if not stated.
        matrix: Colour matrix, likewise.
        has_reserved_colour: A colour field holds a number without a meaning.
    """

    codec: str
    width: int
    height: int
    duration: float
    rotation: int
    transfer: str
    matrix: str
    has_reserved_colour: bool


def probe(path: Path, tools: Tools) -> Stream:
    """Ask ffprobe; attached cover pictures do not count as video."""
    command = [str(tools.ffprobe), "-v", "error", "-of", "json", "-show_streams", "-show_format"]
    done = execute([*command, *input_options(path)], tools.seconds)
    if done.returncode:
        raise DamagedFileError(f"the video cannot be read: {_last_line(done.stderr)}")
    answer = json.loads(done.stdout or b"{}")
    for stream in answer.get("streams", []):
        if stream.get("codec_type") == "video" and not stream.get("disposition", {}).get("attached_pic"):
            return _stream(stream, answer.get("format", {}))
    raise NoFrameError("the file holds no video stream")


def _stream(stream: dict[str, Any], container: dict[str, Any]) -> Stream:
    colours = [str(stream.get(f"color_{part}", "")) for part in ("transfer", "space", "primaries")]
    turns = [int(data["rotation"]) for data in stream.get("side_data_list", []) if "rotation" in data]
    return Stream(
        codec=str(stream.get("codec_name", "")),
        width=int(stream.get("width", 0)),
        height=int(stream.get("height", 0)),
        duration=float(container.get("duration", 0) or 0),
        rotation=turns[0] if turns else 0,
        transfer=colours[0],
        matrix=colours[1],
        has_reserved_colour="reserved" in colours,
    )


def input_options(path: Path) -> list[str]:
    """Arguments that open `path` and nothing else, neither network nor files that it names."""
    return ["-protocol_whitelist", "file", "-format_whitelist", _DEMUXERS, "-i", f"file:{path}"]


def execute(command: list[str], seconds: float) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end, or kill it; DamagedFileError when it takes too long."""
    try:
        return subprocess.run(command, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise DamagedFileError(f"the video was not read within {seconds:.0f} seconds") from error


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no reason given"
