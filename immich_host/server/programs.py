"""Versions of the programs that the server runs."""

import asyncio
import re
from pathlib import Path

from immich_host.plugin_api.errors import Unusable
from immich_host.plugin_api.host import BinariesPort

_NUMBER = re.compile(r"\d+(?:\.\d+)+")
_PATIENCE = 10.0

_known: dict[Path, str | None] = {}


async def program_versions(binaries: BinariesPort) -> dict[str, str]:
    """The versions of ffmpeg and exiftool; what is missing or does not run is left out."""
    asked = {"ffmpeg": "-version", "exiftool": "-ver"}
    found: dict[str, str] = {}
    for name, option in asked.items():
        try:
            program: Path = getattr(binaries, name)
        except Unusable:
            continue
        if program not in _known:
            _known[program] = await _ask(program, option)
        version = _known[program]
        if version:
            found[name] = version
    return found


async def _ask(program: Path, option: str) -> str | None:
    """The number in what a program says of itself."""
    try:
        process = await asyncio.create_subprocess_exec(
            program, option, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(_PATIENCE):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    match = _NUMBER.search(said.decode("utf-8", "replace"))
    return match[0] if match and process.returncode == 0 else None
