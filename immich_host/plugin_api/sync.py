"""Handing rows to the mobile app: what a plugin returns from `register_sync`.

The app keeps a copy of a user's library and asks for what has changed (`POST /sync/stream`). A stream
answers one of the request types that the app knows. The host decides the order, keeps what each session has
confirmed, and sends the lines; a plugin says which rows they are, by SQL.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

type Lines = AsyncGenerator[bytes]
"""Lines of the answer, each a JSON object that ends with a newline."""


@dataclass(frozen=True, slots=True)
class SyncRows:
    """Rows of one entity type, in the order of their ids; usually all that a stream needs.

    Args:
        type: The entity type of the lines: `PersonV1`, `PersonDeleteV1`.
        sql: A statement with the columns `ack` (uuid, version 7) and `data` (JSON as text), of rows with
            `ack > $2`, ordered by `ack`. `$1` is the user, `$2` what the session has confirmed (all zeros at
            first). For deletions `ack` is the id of the audit row, otherwise `update_id`.
            `immich_time(timestamptz)` gives a moment as the wire has it.
    """

    type: str
    sql: str


class SyncContext(Protocol):
    """One answer to one session; every statement in it sees the same state of the database."""

    @property
    def user_id(self) -> UUID:
        """Whose library."""
        ...

    @property
    def until(self) -> UUID:
        """Up to this id the answer is complete. Rows from it on that are seen are told, and come again.

        Ids are made when rows are written, and seen when their transaction commits: some may be on their way. No
        confirmation goes further, whatever is given to `lines`, `acknowledge` and `confirm`.
        """
        ...

    def confirmed(self, type: str) -> UUID | None:
        """Up to where the session has confirmed lines of a type; None where it has not yet."""
        ...

    def confirmed_extra(self, type: str) -> str | None:
        """The third part of that confirmation, such as `complete` or another id."""
        ...

    async def confirm(self, type: str, ack: UUID, extra: str | None = None) -> None:
        """Note a confirmation that the client need not send, as there is nothing for it to have."""
        ...

    def rows(self, rows: SyncRows) -> Lines:
        """The lines of rows that the session has not confirmed."""
        ...

    def lines(self, type: str, sql: str, *args: Any, extra: str | None = None) -> Lines:
        """Lines by a statement with its own arguments; columns as in `SyncRows`. `extra` is added to each ack.

        Where each row has a third part of its own, `ack` is text: `<id>|<third part>`.
        """
        ...

    async def fetch(self, sql: str, *args: Any) -> Sequence[Any]:
        """A few rows of any kind, of the same state of the database."""
        ...

    def acknowledge(self, type: str, ack: UUID, extra: str | None = None) -> bytes:
        """A line without data (`SyncAckV1`) whose confirmation counts for `type`."""
        ...


@dataclass(frozen=True, slots=True)
class SyncStream:
    """The answer to one request type.

    Args:
        request: As the app asks for it: `PeopleV1`.
        rows: Deletions first, then what is new or changed.
        run: In place of `rows`, where more than new rows has to be looked at.
        entities: The entity types of its lines; those of `rows` where empty.
    """

    request: str
    rows: tuple[SyncRows, ...] = ()
    run: Callable[[SyncContext], Lines] | None = None
    entities: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what says nothing or two things.

        Raises:
            ValueError: Neither rows nor a function, or both; a function without entity types.
        """
        if bool(self.rows) == (self.run is not None):
            msg = f"the stream {self.request} has either rows or a function"
            raise ValueError(msg)
        if not self.entities and self.run is not None:
            msg = f"the stream {self.request} names the entity types of its lines"
            raise ValueError(msg)
        if not self.entities:
            object.__setattr__(self, "entities", tuple(each.type for each in self.rows))
