"""Routes of users about themselves and each other."""

from uuid import UUID

from quart import Request, Response

from immich_host.plugin_api.answers import UserResponseDto
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.types import Binary
from immich_host.plugin_api.web import Caller, Routes
from immich_host.settings.store import ServerSection
from immich_host.users import licence, pictures, preferences, store
from immich_host.users.answers import admin_answer, profile_path, user_answer
from immich_host.users.dto import (
    CalendarHeatmapResponseDto,
    CreateProfileImageDto,
    CreateProfileImageResponseDto,
    GetMyCalendarHeatmapQuery,
    OnboardingDto,
    OnboardingResponseDto,
    UserUpdateMeDto,
)
from immich_host.users.dto_preferences import UserPreferencesResponseDto, UserPreferencesUpdateDto
from immich_host.users.heatmap import heatmap
from immich_host.users.rows import UserRow
from immich_host.wire.dto import LicenseKeyDto, LicenseResponseDto, UserAdminResponseDto
from immich_host.wire.kernel import Kernel

routes = Routes("Users")
ONBOARDING = "onboarding"


async def _existing(host: Kernel, user_id: UUID) -> UserRow:
    row = await store.find(host.db, user_id)
    if row is None:
        raise Refused(400, "User not found")
    return row


@routes.get("/users", permission=Permission.USER_READ, operation_id="searchUsers")
async def search_users(host: Kernel, caller: Caller) -> list[UserResponseDto]:
    """All users, for sharing; where users are not public, others than administrators see themselves."""
    public = caller.is_admin or host.settings(ServerSection).public_users
    rows = await store.everyone(host.db, user_id=None if public else caller.user_id)
    return [user_answer(row, host.paths) for row in rows]


@routes.get("/users/me", permission=Permission.USER_READ, operation_id="getMyUser")
async def get_my_user(host: Kernel, caller: Caller) -> UserAdminResponseDto:
    """The own account."""
    return admin_answer(await _existing(host, caller.user_id), host.paths)


@routes.put("/users/me", permission=Permission.USER_UPDATE, operation_id="updateMyUser", deprecated=True)
async def update_my_user(host: Kernel, caller: Caller, body: UserUpdateMeDto) -> UserAdminResponseDto:
    """Change the own account."""
    columns = body.model_dump(mode="json", by_alias=False)
    if password := columns.pop("password", None):
        columns |= {"password": await store.hash_secret(password), "should_change_password": False}
    return admin_answer(await store.update(host.db, caller.user_id, **columns), host.paths)


@routes.get("/users/me/preferences", permission=Permission.USER_PREFERENCE_READ, operation_id="getMyPreferences")
async def get_my_preferences(host: Kernel, caller: Caller) -> UserPreferencesResponseDto:
    """The own preferences."""
    return await preferences.read(host.db, caller.user_id)


@routes.put(
    "/users/me/preferences",
    permission=Permission.USER_PREFERENCE_UPDATE,
    operation_id="updateMyPreferences",
    deprecated=True,
)
async def update_my_preferences(
    host: Kernel, caller: Caller, body: UserPreferencesUpdateDto
) -> UserPreferencesResponseDto:
    """Change some of the own preferences."""
    return await preferences.change(host.db, caller.user_id, body)


@routes.get("/users/me/license", permission=Permission.USER_LICENSE_READ, operation_id="getUserLicense")
async def get_user_license(host: Kernel, caller: Caller) -> LicenseResponseDto:
    """The own product key."""
    return await licence.read(host.db, caller.user_id)


@routes.put("/users/me/license", permission=Permission.USER_LICENSE_UPDATE, operation_id="setUserLicense")
async def set_user_license(host: Kernel, caller: Caller, body: LicenseKeyDto) -> LicenseResponseDto:
    """Store a product key."""
    return await licence.write(host.db, caller.user_id, body)


@routes.delete("/users/me/license", permission=Permission.USER_LICENSE_DELETE, operation_id="deleteUserLicense")
async def delete_user_license(host: Kernel, caller: Caller) -> None:
    """Forget the product key."""
    await store.forget_metadata(host.db, caller.user_id, licence.KEY)


@routes.get("/users/me/onboarding", permission=Permission.USER_ONBOARDING_READ, operation_id="getUserOnboarding")
async def get_user_onboarding(host: Kernel, caller: Caller) -> OnboardingResponseDto:
    """Whether the user has been shown around."""
    return OnboardingResponseDto(is_onboarded=await store.is_onboarded(host.db, caller.user_id))


@routes.put("/users/me/onboarding", permission=Permission.USER_ONBOARDING_UPDATE, operation_id="setUserOnboarding")
async def set_user_onboarding(host: Kernel, caller: Caller, body: OnboardingDto) -> OnboardingResponseDto:
    """Note whether the user has been shown around."""
    await store.set_metadata(host.db, caller.user_id, ONBOARDING, {"isOnboarded": body.is_onboarded})
    return OnboardingResponseDto(is_onboarded=body.is_onboarded)


@routes.delete(
    "/users/me/onboarding", permission=Permission.USER_ONBOARDING_DELETE, operation_id="deleteUserOnboarding"
)
async def delete_user_onboarding(host: Kernel, caller: Caller) -> None:
    """Show the user around again."""
    await store.forget_metadata(host.db, caller.user_id, ONBOARDING)


@routes.get("/users/me/calendar-heatmap", permission=Permission.USER_READ, operation_id="getMyCalendarHeatmap")
async def get_my_calendar_heatmap(
    host: Kernel, caller: Caller, query: GetMyCalendarHeatmapQuery
) -> CalendarHeatmapResponseDto:
    """How many of the own assets fall on each day."""
    return await heatmap(host.db, caller.user_id, query.type, query.from_, query.to)


@routes.post(
    "/users/profile-image",
    permission=Permission.USER_PROFILE_IMAGE_UPDATE,
    operation_id="createProfileImage",
    status=201,
    body_type="multipart/form-data",
    body_model=CreateProfileImageDto,
)
async def create_profile_image(host: Kernel, caller: Caller, request: Request) -> CreateProfileImageResponseDto:
    """Store the own profile picture."""
    row = await pictures.store_picture(host, caller, request)
    return CreateProfileImageResponseDto(
        user_id=row.id,
        profile_changed_at=row.profile_changed_at,
        profile_image_path=profile_path(row, host.paths),
    )


@routes.delete(
    "/users/profile-image", permission=Permission.USER_PROFILE_IMAGE_DELETE, operation_id="deleteProfileImage"
)
async def delete_profile_image(host: Kernel, caller: Caller) -> None:
    """Remove the own profile picture."""
    await pictures.remove_picture(host, caller.user_id)


@routes.get("/users/{id}", permission=Permission.USER_READ, operation_id="getUser")
async def get_user(host: Kernel, id: UUID) -> UserResponseDto:
    """A user."""
    return user_answer(await _existing(host, id), host.paths)


@routes.get(
    "/users/{id}/profile-image",
    permission=Permission.USER_PROFILE_IMAGE_READ,
    operation_id="getProfileImage",
    answers=Binary,
    answer_type="application/octet-stream",
)
async def get_profile_image(host: Kernel, id: UUID, request: Request) -> Response:
    """The profile picture of a user."""
    return await pictures.send_picture(host, id, request)
