"""Space on the disk of the media."""

import asyncio
import shutil
from pathlib import Path

from immich_host.server.dto import ServerStorageResponseDto

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def readable(size: int) -> str:
    """A number of bytes for people, e.g. `1.5 GiB`."""
    amount, unit = float(size), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.0f} {_UNITS[unit]}" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}"


async def space(folder: Path) -> ServerStorageResponseDto:
    """Size, use and free space of the disk that holds `folder`."""
    found = await asyncio.to_thread(shutil.disk_usage, folder)
    return ServerStorageResponseDto(
        disk_available=readable(found.free),
        disk_available_raw=found.free,
        disk_size=readable(found.total),
        disk_size_raw=found.total,
        disk_usage_percentage=round(100 * found.used / found.total, 2) if found.total else 0.0,
        disk_use=readable(found.used),
        disk_use_raw=found.used,
    )
