"""The push port: events to connected clients over Socket.IO, from any process."""

from typing import Any, Protocol
from uuid import UUID


class PushPort(Protocol):
    """Delivery is best effort and after commit; clients that are away re-read on connect."""

    async def to_user(self, user_id: UUID, event: str, *data: Any) -> None:
        """Send to every connection of a user; `data` is JSON-able."""
        ...

    async def to_session(self, session_id: UUID, event: str, *data: Any) -> None:
        """Send to the connections of one session."""
        ...

    async def to_everyone(self, event: str, *data: Any) -> None:
        """Send to all connections."""
        ...
