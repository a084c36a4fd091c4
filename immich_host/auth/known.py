"""What an API process remembers of credentials that it has looked up, until somebody changes them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from immich_host.plugin_api.web import Caller

LIMIT: Final = 10_000
FOREVER: Final = float("inf")


@dataclass(slots=True)
class Known:
    """A caller as of the last look into the database. Times are seconds since 1970.

    `dies_at`: from then on the credential is refused. `elevated_until`: until then the session is
    unlocked. `seen_at`: when its use was last noted (sessions only).
    """

    caller: Caller
    elevated: Caller
    dies_at: float = FOREVER
    elevated_until: float = 0.0
    seen_at: float = FOREVER
    app_version: str | None = None
    is_being_noted: bool = False

    def at(self, now: float) -> Caller:
        """Who it is at this moment."""
        return self.elevated if now < self.elevated_until else self.caller


def known(caller: Caller) -> Known:
    """A caller whose credential does not end by itself."""
    return Known(caller, replace(caller, elevated=True))


def seconds(moment: datetime | None, otherwise: float) -> float:
    """A moment as seconds since 1970."""
    return otherwise if moment is None else moment.timestamp()


class Memory:
    """Digest of a credential -> who it is; forgets by the id of the user, session or key."""

    def __init__(self) -> None:
        self._entries: dict[bytes, Known] = {}
        self._by_id: defaultdict[str, set[bytes]] = defaultdict(set)
        self.generation = 0
        """Grows with each forgetting: what was read before it may be out of date."""

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def subjects(self) -> int:
        """How many users, sessions and keys there are entries of."""
        return len(self._by_id)

    def get(self, digest: bytes) -> Known | None:
        """Who it is, if known."""
        return self._entries.get(digest)

    def put(self, digest: bytes, entry: Known, generation: int) -> None:
        """Remember, unless something was forgotten since `generation`, when the reading began."""
        if generation != self.generation:
            return
        if len(self._entries) >= LIMIT:
            self.forget(None)
        self._entries[digest] = entry
        for subject in _subjects(entry.caller):
            self._by_id[subject].add(digest)

    def forget(self, ids: Iterable[str] | None) -> None:
        """Forget what belongs to these users, sessions or keys; everything for None."""
        self.generation += 1
        if ids is None:
            self._entries.clear()
            self._by_id.clear()
            return
        for digest in [digest for one in ids for digest in self._by_id.get(one, ())]:
            self._drop(digest)

    def _drop(self, digest: bytes) -> None:
        entry = self._entries.pop(digest, None)
        for subject in _subjects(entry.caller) if entry else ():
            self._by_id[subject].discard(digest)
            if not self._by_id[subject]:
                del self._by_id[subject]


def _subjects(caller: Caller) -> list[str]:
    ids: tuple[UUID | None, ...] = (caller.user_id, caller.session_id, caller.api_key_id)
    return [str(one) for one in ids if one is not None]
