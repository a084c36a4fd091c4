"""The users port: accounts as others see them, what a user prefers, and whose faces cluster together."""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from immich_host.plugin_api.answers import UserResponseDto


class UsersPort(Protocol):
    """Reading accounts; columns of `user` may also be read in SQL."""

    async def answers(self, user_ids: Sequence[UUID], /) -> list[UserResponseDto]:
        """Accounts as other users see them, in the order of `user_ids`; unknown ones are left out."""
        ...

    async def preference(self, user_id: UUID, section: str, name: str, /) -> Any:
        """One of a user's preferences, by Immich's names: `("people", "minimumFaces")`; else its default.

        Raises:
            KeyError: Immich's preferences do not have it.
        """
        ...

    async def set_cluster_group(self, user_id: UUID, group_id: UUID, /) -> None:
        """Set `clusterGroupId`: faces of users who have the same are clustered together. In the caller's transaction.

        Raises:
            Refused: 400 - no such user.
        """
        ...
