"""Memory of the machine: how much there is, and giving it back after work, as the C library keeps what was freed."""

import asyncio
import gc
import os
from collections.abc import Callable
from pathlib import Path

from immich_host.jobs.memory import resident, trim

LOOK_SECONDS = 5.0
WORTHWHILE = 8 << 20
"""Bytes by which a process must have grown since it gave back last."""

LEAST_FOR_JOBS = 1 << 30
_CONTAINERS = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")


async def give_back_when_idle(busy: Callable[[], bool]) -> None:
    """Look every few seconds, for ever; returns at once where the C library has no such call.

    Args:
        busy: Whether work goes on; then nothing is given back, as it may be wanted again in a moment.
    """
    give_back = trim()
    if give_back is None:
        return
    left, was_busy = resident(), False
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        is_busy = busy()
        if not is_busy and not was_busy and resident() > left + WORTHWHILE:
            gc.collect()
            await asyncio.to_thread(give_back, 0)
            left = resident()
        was_busy = is_busy


def machine() -> int:
    """Bytes of memory of this machine, or of the container where that is given less."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for file in _CONTAINERS:
        try:
            found.append(int(file.read_text()))
        except (OSError, ValueError):
            continue  # no container, or one without a limit
    return min(found)


def for_jobs(processes: int) -> int:
    """Bytes that each of so many workers may hold: three quarters of all, but enough for a large photo."""
    return max(LEAST_FOR_JOBS, machine() * 3 // 4 // processes)
