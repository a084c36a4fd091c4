"""Wire models of user preferences: what is read, and what a change may hold."""

from typing import Annotated

from pydantic import MISSING, Field

from immich_host.plugin_api.answers import AssetOrder, UserAvatarColor
from immich_host.plugin_api.dto import Dto


class AlbumsResponse(Dto):
    """Preferences: albums."""

    default_asset_order: AssetOrder


class CastResponse(Dto):
    """Preferences: cast."""

    g_cast_enabled: bool


class DownloadResponse(Dto):
    """Preferences: download."""

    archive_size: int
    include_embedded_videos: bool


class EmailNotificationsResponse(Dto):
    """Preferences: email notifications."""

    album_invite: bool
    album_update: bool
    enabled: bool


class FoldersResponse(Dto):
    """Preferences: folders."""

    enabled: bool
    sidebar_web: bool


class MemoriesResponse(Dto):
    """Preferences: memories."""

    duration: int
    enabled: bool
    sidebar_web: bool


class PeopleResponse(Dto):
    """Preferences: people."""

    enabled: bool
    minimum_faces: int | MISSING = MISSING
    sidebar_web: bool


class PurchaseResponse(Dto):
    """Preferences: purchase."""

    hide_buy_button_until: str
    show_support_badge: bool


class RatingsResponse(Dto):
    """Preferences: ratings."""

    enabled: bool


class RecentlyAddedResponse(Dto):
    """Preferences: recently added."""

    sidebar_web: bool


class SharedLinksResponse(Dto):
    """Preferences: shared links."""

    enabled: bool
    sidebar_web: bool


class TagsResponse(Dto):
    """Preferences: tags."""

    enabled: bool
    sidebar_web: bool


class UserPreferencesResponseDto(Dto):
    """All preferences of a user."""

    albums: AlbumsResponse
    cast: CastResponse
    download: DownloadResponse
    email_notifications: EmailNotificationsResponse
    folders: FoldersResponse
    memories: MemoriesResponse
    people: PeopleResponse
    purchase: PurchaseResponse
    ratings: RatingsResponse
    recently_added: RecentlyAddedResponse
    shared_links: SharedLinksResponse
    tags: TagsResponse


class AlbumsUpdate(Dto):
    """Preferences to change: albums."""

    default_asset_order: AssetOrder | MISSING = MISSING


class AvatarUpdate(Dto):
    """Preferences to change: avatar."""

    color: UserAvatarColor | MISSING = MISSING


class CastUpdate(Dto):
    """Preferences to change: cast."""

    g_cast_enabled: bool | MISSING = MISSING


class DownloadUpdate(Dto):
    """Preferences to change: download."""

    archive_size: Annotated[int, Field(ge=1)] | MISSING = MISSING
    include_embedded_videos: bool | MISSING = MISSING


class EmailNotificationsUpdate(Dto):
    """Preferences to change: email notifications."""

    album_invite: bool | MISSING = MISSING
    album_update: bool | MISSING = MISSING
    enabled: bool | MISSING = MISSING


class FoldersUpdate(Dto):
    """Preferences to change: folders."""

    enabled: bool | MISSING = MISSING
    sidebar_web: bool | MISSING = MISSING


class MemoriesUpdate(Dto):
    """Preferences to change: memories."""

    duration: Annotated[int, Field(ge=1)] | MISSING = MISSING
    enabled: bool | MISSING = MISSING
    sidebar_web: bool | MISSING = MISSING


class PeopleUpdate(Dto):
    """Preferences to change: people."""

    enabled: bool | MISSING = MISSING
    minimum_faces: Annotated[int, Field(ge=1)] | MISSING = MISSING
    sidebar_web: bool | MISSING = MISSING


class PurchaseUpdate(Dto):
    """Preferences to change: purchase."""

    hide_buy_button_until: str | MISSING = MISSING
    show_support_badge: bool | MISSING = MISSING


class RatingsUpdate(Dto):
    """Preferences to change: ratings."""

    enabled: bool | MISSING = MISSING


class RecentlyAddedUpdate(Dto):
    """Preferences to change: recently added."""

    sidebar_web: bool | MISSING = MISSING


class SharedLinksUpdate(Dto):
    """Preferences to change: shared links."""

    enabled: bool | MISSING = MISSING
    sidebar_web: bool | MISSING = MISSING


class TagsUpdate(Dto):
    """Preferences to change: tags."""

    enabled: bool | MISSING = MISSING
    sidebar_web: bool | MISSING = MISSING


class UserPreferencesUpdateDto(Dto):
    """Preferences to change; what is absent stays."""

    albums: AlbumsUpdate | MISSING = MISSING
    avatar: AvatarUpdate | MISSING = MISSING
    cast: CastUpdate | MISSING = MISSING
    download: DownloadUpdate | MISSING = MISSING
    email_notifications: EmailNotificationsUpdate | MISSING = MISSING
    folders: FoldersUpdate | MISSING = MISSING
    memories: MemoriesUpdate | MISSING = MISSING
    people: PeopleUpdate | MISSING = MISSING
    purchase: PurchaseUpdate | MISSING = MISSING
    ratings: RatingsUpdate | MISSING = MISSING
    recently_added: RecentlyAddedUpdate | MISSING = MISSING
    shared_links: SharedLinksUpdate | MISSING = MISSING
    tags: TagsUpdate | MISSING = MISSING
