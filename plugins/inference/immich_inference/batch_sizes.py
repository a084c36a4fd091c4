"""How many items a run takes: learned for each loaded model, as it depends on the machine.

On a GPU, and for texts, large batches are much faster an item. On a CPU a run on one picture keeps the cores busy, and
several fall out of its caches: batches of 8 were measured to take 1.4 times as long an item as single pictures.
"""

from collections import deque
from statistics import median

SAMPLES = 4
"""Runs of each size before they are compared; the first does not count, as memory is laid out in it."""
REMEMBERED = 8
AGAIN = 64
"""After so many runs another size is tried again: other work on the machine comes and goes."""


class BatchSizes:
    """Begins with the most, tries the halves, and keeps to what takes least time an item."""

    def __init__(self, most: int) -> None:
        self._sizes = [1 << power for power in reversed(range(most.bit_length()))]
        if self._sizes[0] != most:
            self._sizes.insert(0, most)
        self._taken: dict[int, deque[float]] = {size: deque(maxlen=REMEMBERED) for size in self._sizes}
        self._seen = dict.fromkeys(self._sizes, 0)
        self._runs = 0

    def limit(self, waiting: int) -> int:
        """How many to take at most of so many that wait."""
        able = [size for size in self._sizes if size <= waiting] or self._sizes[-1:]
        chosen = self._choose(able)
        return waiting if chosen == able[0] < self._sizes[0] else chosen

    def _choose(self, able: list[int]) -> int:
        untried = [size for size in able if self._seen[size] < SAMPLES]
        if untried:
            return untried[0]
        if self._runs % AGAIN == 0:
            return able[self._runs // AGAIN % len(able)]
        return min(able, key=lambda size: median(self._taken[size]))

    def ran(self, count: int, seconds: float) -> None:
        """A run on so many items took so long."""
        size = next(size for size in self._sizes if size <= count)
        self._runs += 1
        self._seen[size] += 1
        if self._seen[size] > 1:
            self._taken[size].append(seconds / count)
