"""The users port that plugins get (`plugin_api.users.UsersPort`)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from immich_host.db.database import Database
from immich_host.media.paths import MediaPaths
from immich_host.plugin_api.answers import UserResponseDto
from immich_host.users import store
from immich_host.users.preferences import DEFAULTS, KEY


class Users:
    """Reads accounts for plugins."""

    def __init__(self, db: Database, paths: MediaPaths) -> None:
        self._db = db
        self._paths = paths

    async def answers(self, user_ids: Sequence[UUID], /) -> list[UserResponseDto]:
        """Accounts as other users see them, in this order; unknown ones are left out."""
        found = await store.shown(self._db, self._paths, user_ids)
        return [found[user_id] for user_id in user_ids if user_id in found]

    async def preference(self, user_id: UUID, section: str, name: str, /) -> Any:
        """A user's preference, or its default.

        Raises:
            KeyError: There is none of that name.
        """
        default = DEFAULTS[section][name]
        stored = await store.metadata(self._db, user_id, KEY) or {}
        return stored.get(section, {}).get(name, default)

    async def set_cluster_group(self, user_id: UUID, group_id: UUID, /) -> None:
        """Set whose faces a user's are clustered with.

        Raises:
            Refused: 400 - no such user.
        """
        await store.update(self._db, user_id, cluster_group_id=group_id)
