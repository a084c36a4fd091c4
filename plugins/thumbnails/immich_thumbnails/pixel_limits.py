"""What a picture may cost: a limit on its pixels, and very large ones one after the other."""

import threading
from contextlib import ExitStack

from immich_thumbnails.errors import TooManyPixelsError
from immich_thumbnails.sizing import Size

LARGE = 64_000_000
_one_large_picture = threading.RLock()


def check_pixels(size: Size, limit: int) -> None:
    """Raise TooManyPixelsError where width x height exceeds `limit`."""
    if size[0] * size[1] > limit:
        raise TooManyPixelsError(f"{size[0]}x{size[1]} is more than the limit of {limit:,} pixels")


def admit(size: Size, limit: int, held: ExitStack) -> None:
    """Refuse what exceeds the limit; wait until no other picture above LARGE is held in this process."""
    check_pixels(size, limit)
    if size[0] * size[1] > LARGE:
        held.enter_context(_one_large_picture)
