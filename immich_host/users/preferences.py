"""Preferences: the defaults, and what is stored, which is the difference from them."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from immich_host.plugin_api.database import Database
from immich_host.users import store
from immich_host.users.dto_preferences import UserPreferencesResponseDto, UserPreferencesUpdateDto

KEY: Final = "preferences"

DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "albums": {"defaultAssetOrder": "desc"},
    "cast": {"gCastEnabled": False},
    "download": {"archiveSize": 4 * 1024**3, "includeEmbeddedVideos": False},
    "emailNotifications": {"enabled": True, "albumInvite": True, "albumUpdate": True},
    "folders": {"enabled": False, "sidebarWeb": False},
    "memories": {"enabled": True, "duration": 5, "sidebarWeb": False},
    "people": {"enabled": True, "minimumFaces": 3, "sidebarWeb": False},
    "purchase": {"showSupportBadge": True, "hideBuyButtonUntil": "2022-02-12T00:00:00.000Z"},
    "ratings": {"enabled": False},
    "recentlyAdded": {"sidebarWeb": False},
    "sharedLinks": {"enabled": True, "sidebarWeb": False},
    "tags": {"enabled": False, "sidebarWeb": False},
}


def merged(difference: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The defaults with the stored difference on top."""
    return {section: {**values, **difference.get(section, {})} for section, values in DEFAULTS.items()}


def difference_of(full: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Of full preferences what differs from the defaults."""
    found = {
        section: {name: value for name, value in full[section].items() if values.get(name) != value}
        for section, values in DEFAULTS.items()
    }
    return {section: values for section, values in found.items() if values}


async def read(db: Database, user_id: UUID) -> UserPreferencesResponseDto:
    """A user's preferences."""
    return UserPreferencesResponseDto.model_validate(merged(await store.metadata(db, user_id, KEY) or {}))


async def change(db: Database, user_id: UUID, body: UserPreferencesUpdateDto) -> UserPreferencesResponseDto:
    """Lay a change over a user's preferences; what it does not name stays."""
    asked = body.model_dump(mode="json", by_alias=True)
    async with store.locked(db, user_id):
        if color := asked.pop("avatar", {}).get("color"):
            await store.update(db, user_id, avatar_color=color)
        full = merged(await store.metadata(db, user_id, KEY) or {})
        for section, values in asked.items():
            full[section] |= values
        await store.set_metadata(db, user_id, KEY, difference_of(full))
    return UserPreferencesResponseDto.model_validate(full)
