"""Which assets are nearest, page by page: exactly among few, by the index among many.

An index finds nearly all of the nearest, and how many of them depends on how many are asked for. Pages that were
each taken from a search of their own would therefore repeat assets and leave some out. So there is one order:
first `BLOCKS`, each what the index gives for so many, without what came before; then all the rest, compared
exactly. Each page is a part of it, and every asset has its place.
"""

import time
from collections import OrderedDict
from hashlib import sha256
from uuid import UUID

from immich_host.plugin_api.database import Database
from immich_smartsearch.neighbours import Effort, Wanted, by_index, exactly

EXACT = 20_000
"""Among so many assets all are compared: nothing is missed, and the index is quicker only for the largest of them."""

BLOCKS = (
    (250, Effort(candidates=500, tuples=20_000)),
    (1001, Effort(candidates=1000, tuples=100_000)),
    (4001, Effort(candidates=1000, tuples=200_000)),
)
"""How many are taken from the index, and with what effort: two usual pages, the largest page, and some more."""

_LARGE_SECONDS = 300.0
_LARGE_KEPT = 1000

type _Key = tuple[int, int, bytes]


class Searcher:
    """Searches in one database; remembers for some minutes which choices of assets are large."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._large: OrderedDict[_Key, float] = OrderedDict()

    async def nearest(self, wanted: Wanted, *, start: int, amount: int) -> list[UUID]:
        """Assets by rank, from `start` (0 is the nearest); fewer at the end."""
        if not wanted.model.is_indexed:
            return await exactly(self._db, wanted, start=start, amount=amount) or []
        if not self._is_large(wanted):
            found = await exactly(self._db, wanted, start=start, amount=amount, at_most=EXACT)
            if found is not None:
                return found
            self._note_large(wanted)
        return await self._among_many(wanted, start, start + amount)

    async def _among_many(self, wanted: Wanted, start: int, end: int) -> list[UUID]:
        ranked: list[UUID] = []
        for size, effort in BLOCKS:
            near = await by_index(self._db, wanted, amount=size, effort=effort)
            if len(near) < size:  # the index was followed far and gave little: what is asked for is elsewhere
                break
            before = set(ranked)
            ranked += [asset_id for asset_id in near if asset_id not in before][: size - len(ranked)]
            if len(ranked) >= end:
                return ranked[start:end]
        there = ranked[start:end]
        left = max(start - len(ranked), 0)
        rest = await exactly(self._db, wanted, start=left, amount=end - start - len(there), without=ranked)
        return there + (rest or [])

    def _is_large(self, wanted: Wanted) -> bool:
        return self._large.get(_key(wanted), 0.0) > time.monotonic()

    def _note_large(self, wanted: Wanted) -> None:
        self._large[_key(wanted)] = time.monotonic() + _LARGE_SECONDS
        while len(self._large) > _LARGE_KEPT:
            self._large.popitem(last=False)


def _key(wanted: Wanted) -> _Key:
    # a digest, as what is asked for may be megabytes of names
    asked = f"{wanted.among.where}\n{wanted.among.args!r}"
    return wanted.model.id, EXACT, sha256(asked.encode("utf-8", "surrogatepass")).digest()
