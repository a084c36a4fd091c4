"""Rights to objects: one place decides for every route, and asks plugins for what it does not grant itself."""

from collections.abc import Iterable
from uuid import UUID

from immich_host.db.database import Database
from immich_host.hosting import Hosting
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, SharedLinkView

ELEVATION_REQUIRED = "Elevated permission is required"

_BY_LINK = frozenset({Permission.ASSET_READ, Permission.ASSET_VIEW, Permission.ASSET_DOWNLOAD})

_OWNED = """
SELECT id FROM asset WHERE id = ANY($1::uuid[]) AND owner_id = $2 AND (visibility <> 'locked' OR $3)
"""


class Access:
    """Object rights. A refusal never says whether the object exists."""

    def __init__(self, db: Database, hosting: Hosting) -> None:
        self._db = db
        self._hosting = hosting

    async def allowed_assets(self, caller: Caller, permission: Permission, ids: Iterable[UUID]) -> set[UUID]:
        """Those of `ids` that the caller may use in this way.

        Owners may do everything with their own, with locked ones only while the session is
        unlocked. Whatever else is granted (albums, partners, shared links) comes from plugins. Callers by a
        shared link look at assets, and download them where the link allows it.
        """
        wanted = set(ids)
        if not wanted or (caller.shared_link is not None and not _link_allows(caller.shared_link, permission)):
            return set()
        granted: set[UUID] = set()
        if caller.shared_link is None:
            rows = await self._db.fetch(_OWNED, list(wanted), caller.user_id, caller.elevated)
            granted = {row["id"] for row in rows}
        rest = wanted - granted
        if rest:
            more = await self._hosting.gather_ids(
                "asset_access", asset_ids=sorted(rest), user=caller, permission=permission.value
            )
            granted |= more & rest
        return granted

    async def require_assets(self, caller: Caller, permission: Permission, ids: Iterable[UUID]) -> None:
        """Let pass only if all of `ids` may be used.

        Raises:
            Refused: 400, the same for unknown and for others' assets.
        """
        wanted = set(ids)
        if await self.allowed_assets(caller, permission, wanted) != wanted:
            raise refusal(permission)

    async def require_timeline(
        self, caller: Caller, user_id: UUID, permission: Permission = Permission.TIMELINE_READ
    ) -> None:
        """Let pass for one's own timeline and for those that plugins grant (partners).

        Raises:
            Refused: 400.
        """
        if user_id == caller.user_id and caller.shared_link is None:
            return
        granted = await self._hosting.gather_ids("timeline_access", user_ids=[user_id], user=caller)
        if user_id not in granted:
            raise refusal(permission)

    async def timeline_owners(self, caller: Caller) -> set[UUID]:
        """Whose assets are shown in the caller's own timeline: the caller's, and those that plugins add (partners)."""
        if caller.shared_link is not None:
            return set()
        return {caller.user_id} | await self._hosting.gather_ids("timeline_owners", user=caller)


def _link_allows(link: SharedLinkView, permission: Permission) -> bool:
    return permission in _BY_LINK and (link.allow_download or permission is not Permission.ASSET_DOWNLOAD)


def refusal(permission: Permission) -> Refused:
    """What a caller is told who lacks the right to an object."""
    return Refused(400, f"Not found or no {permission.value} access")


def require_elevated(caller: Caller) -> None:
    """Let pass only while the session is unlocked by PIN.

    Raises:
        Refused: 401.
    """
    if not caller.elevated:
        raise Refused(401, ELEVATION_REQUIRED)
