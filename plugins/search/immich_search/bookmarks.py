"""Where the pages of a search that goes by numbers end, so that the next one begins there at no cost.

Clients such as command lines read a whole library by page numbers. Counting from the beginning to page 1,000 takes
the database as long as reading all pages before it. This process remembers where a page that it gave out ended;
pages that it did not give out are counted to. It also means that an upload meanwhile shifts no page.
"""

import time
from collections import OrderedDict
from hashlib import sha256
from uuid import UUID

from immich_host.plugin_api import Caller
from immich_search.dto import MetadataSearchDto
from immich_search.ordering import Position

MOST = 4096
"""How many ends of pages are remembered, of some hundred bytes each."""
SECONDS = 600.0
"""For how long: whoever comes later counts anew."""

type _Key = tuple[UUID, bytes, int]


class Bookmarks:
    """Ends of pages, by search and number; the oldest go first."""

    def __init__(self) -> None:
        self._ends: OrderedDict[_Key, tuple[float, Position]] = OrderedDict()

    def begin_of(self, caller: Caller, body: MetadataSearchDto, page: int) -> Position | None:
        """Where the page before this one ended, if it was given out lately."""
        noted = self._ends.get(_key(caller, body, page))
        return None if noted is None or time.monotonic() - noted[0] > SECONDS else noted[1]

    def note(self, caller: Caller, body: MetadataSearchDto, page: int, begin: Position) -> None:
        """A page begins after this position."""
        key = _key(caller, body, page)
        self._ends[key] = (time.monotonic(), begin)
        self._ends.move_to_end(key)
        while len(self._ends) > MOST:
            self._ends.popitem(last=False)


def _key(caller: Caller, body: MetadataSearchDto, page: int) -> _Key:
    who = caller.user_id if caller.shared_link is None else caller.shared_link.id
    return who, sha256(body.model_dump_json(exclude={"page"}, exclude_unset=True).encode()).digest(), page
