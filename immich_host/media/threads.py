"""The threads that touch disks, so that a slow one never holds up the event loop."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

WRITERS: Final = ThreadPoolExecutor(max_workers=16, thread_name_prefix="media-write")
"""For uploads; apart from the readers, so that a slow write does not delay pictures."""

READERS: Final = ThreadPoolExecutor(max_workers=16, thread_name_prefix="media-read")
"""For files that are sent."""
