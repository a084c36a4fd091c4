"""The access port: rights to objects, as the host's own routes ask for them."""

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller


class AccessPort(Protocol):
    """Owner, album member, partner or shared link: whoever grants it. A route's `permission` is another thing."""

    async def allowed_assets(self, caller: Caller, permission: Permission, ids: Iterable[UUID]) -> set[UUID]:
        """Those of `ids` that the caller may use in this way."""
        ...

    async def require_assets(self, caller: Caller, permission: Permission, ids: Iterable[UUID]) -> None:
        """Let pass only if all of `ids` may be used.

        Raises:
            Refused: 400, the same for unknown and for others' assets.
        """
        ...

    async def timeline_owners(self, caller: Caller) -> set[UUID]:
        """Whose assets are shown in the caller's own timeline, and so are searched: the caller's, and partners'.

        Of the others only what is in their timeline: nothing archived, hidden, locked or in the trash.
        """
        ...
