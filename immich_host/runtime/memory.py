"""Giving memory back to the machine after work: the C library keeps what was freed, in case it is needed again."""

import asyncio
import ctypes
import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

LOOK_SECONDS = 5.0
WORTHWHILE = 8 << 20
"""Bytes by which a process must have grown since it gave back last."""


async def give_back_when_idle(busy: Callable[[], bool]) -> None:
    """Look every few seconds, for ever; returns at once where the C library has no such call.

    Args:
        busy: Whether work goes on; then nothing is given back, as it may be wanted again in a moment.
    """
    trim = _trim()
    if trim is None:
        return
    left, was_busy = resident(), False
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        is_busy = busy()
        if not is_busy and not was_busy and resident() > left + WORTHWHILE:
            gc.collect()
            await asyncio.to_thread(trim, 0)
            left = resident()
        was_busy = is_busy


def _trim() -> Callable[[int], int] | None:
    """`malloc_trim` of the GNU C library, which other systems have not."""
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


def resident() -> int:
    """Bytes of memory that this process holds, shared ones counted in full; Linux only."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
