"""Which ffmpeg does the work: the host's, else, where that lacks a decoder or an encoder, that of imageio-ffmpeg."""

import asyncio
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_LIMIT_SECONDS = 20.0
_DEVICES = ("_qsv", "_cuvid", "_amf", "_v4l2m2m", "_rkmpp", "_mediacodec")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an ffmpeg was built with: codecs that it decodes in software, and names of encoders."""

    decodes: frozenset[str]
    encoders: frozenset[str]


async def choose(first: Path, *, decodes: str | None, encoders: Collection[str]) -> Path | None:
    """The first ffmpeg that can do this; None where there is none.

    Args:
        first: The host's; the one of imageio-ffmpeg comes after it.
        decodes: A codec, as ffprobe calls it; None where nothing is decoded.
        encoders: Names, e.g. `libx264`.
    """
    for program in (first, await asyncio.to_thread(_second)):
        if program is None:
            continue
        able = await abilities(program)
        if (decodes is None or decodes in able.decodes) and able.encoders.issuperset(encoders):
            return program
    return None


async def abilities(ffmpeg: Path) -> Abilities:
    """What this program was built with; asked once as long as it is not replaced."""
    changed = (await asyncio.to_thread(ffmpeg.stat)).st_mtime_ns
    return await asyncio.to_thread(_listed, ffmpeg, changed)


@cache
def _second() -> Path | None:
    try:
        import imageio_ffmpeg

        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):  # not installed, or no program for this machine
        return None


@cache
def _listed(ffmpeg: Path, _changed: int) -> Abilities:
    decodes = set[str]()
    for name, codec in _table(ffmpeg, "-decoders"):
        # the decoder that is called av1 only hands pictures to a device
        if name != "av1" and not name.endswith(_DEVICES):
            decodes.add(codec)
    return Abilities(frozenset(decodes), frozenset(name for name, _ in _table(ffmpeg, "-encoders")))


def _table(ffmpeg: Path, what: str) -> list[tuple[str, str]]:
    """Names with their codecs; lines look like ` V..... libdav1d  dav1d AV1 decoder (codec av1)`."""
    done = subprocess.run(
        [ffmpeg, "-v", "error", "-hide_banner", what],
        capture_output=True, check=False, timeout=_LIMIT_SECONDS, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    found: list[tuple[str, str]] = []
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        words = line.split()
        if len(words) > 1:
            _, _, codec = line.rpartition("(codec ")
            found.append((words[1], codec.rstrip(") ") if "(codec " in line else words[1]))
    return found
