"""How much memory this process holds, and giving back what the C library keeps of it."""

import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

_HELD = Path("/proc/self/statm")


def resident() -> int:
    """Bytes of memory that this process holds, shared ones counted in full; 0 where this is no Linux."""
    if sys.platform != "linux":
        return 0
    return int(_HELD.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@cache
def trim() -> Callable[[int], int] | None:
    """`malloc_trim` of the GNU C library, which other systems have not."""
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
