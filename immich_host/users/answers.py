"""Accounts as the wire shows them."""

from typing import Final

from immich_host.media.paths import MediaPaths
from immich_host.plugin_api.answers import UserAvatarColor, UserResponseDto
from immich_host.users.rows import UserRow
from immich_host.wire.dto import UserAdminResponseDto, UserLicense, UserStatus

_COLOURS: Final = tuple(UserAvatarColor)


def avatar_color(row: UserRow) -> UserAvatarColor:
    """The chosen colour, else one that the e-mail address decides and that so stays the same."""
    if row.avatar_color:
        return UserAvatarColor(row.avatar_color)
    return _COLOURS[sum(map(ord, row.email)) % len(_COLOURS)]


def profile_path(row: UserRow, paths: MediaPaths) -> str:
    """Where the profile picture lies, absolute; empty where there is none."""
    return paths.shown(row.profile_image_path) if row.profile_image_path else ""


def user_answer(row: UserRow, paths: MediaPaths) -> UserResponseDto:
    """An account as others see it."""
    return UserResponseDto(
        id=row.id,
        email=row.email,
        name=row.name,
        avatar_color=avatar_color(row),
        profile_changed_at=row.profile_changed_at,
        profile_image_path=profile_path(row, paths),
    )


def admin_answer(row: UserRow, paths: MediaPaths) -> UserAdminResponseDto:
    """An account as its owner and administrators see it."""
    return UserAdminResponseDto(
        id=row.id,
        email=row.email,
        name=row.name,
        avatar_color=avatar_color(row),
        cluster_group_id=row.cluster_group_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        deleted_at=row.deleted_at,
        is_admin=row.is_admin,
        license=UserLicense.model_validate(row.license) if row.license else None,
        oauth_id=row.oauth_id,
        profile_changed_at=row.profile_changed_at,
        profile_image_path=profile_path(row, paths),
        quota_size_in_bytes=row.quota_size_in_bytes,
        quota_usage_in_bytes=row.quota_usage_in_bytes,
        should_change_password=row.should_change_password,
        status=UserStatus(row.status),
        storage_label=row.storage_label,
    )
