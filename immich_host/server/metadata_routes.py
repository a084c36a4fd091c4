"""Routes of the tag System metadata."""

from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Routes
from immich_host.server import store
from immich_host.server.dto import (
    AdminOnboardingUpdateDto,
    ReverseGeocodingStateResponseDto,
    VersionCheckStateResponseDto,
)
from immich_host.server.routes import version_check
from immich_host.wire.kernel import Kernel

ROUTES = Routes("System metadata")


@ROUTES.get(
    "/system-metadata/admin-onboarding",
    permission=Permission.SYSTEM_METADATA_READ,
    admin=True,
    operation_id="getAdminOnboarding",
)
async def get_onboarding(host: Kernel) -> AdminOnboardingUpdateDto:
    """Whether the first administrator has been shown around."""
    found = await store.metadata(host.db, store.ONBOARDING) or {}
    return AdminOnboardingUpdateDto(is_onboarded=found.get("isOnboarded") is True)


@ROUTES.post(
    "/system-metadata/admin-onboarding",
    permission=Permission.SYSTEM_METADATA_UPDATE,
    admin=True,
    status=204,
    operation_id="updateAdminOnboarding",
)
async def set_onboarding(host: Kernel, body: AdminOnboardingUpdateDto) -> None:
    """Note that the first administrator has been shown around."""
    await store.set_metadata(host.db, store.ONBOARDING, {"isOnboarded": body.is_onboarded})


@ROUTES.get(
    "/system-metadata/reverse-geocoding-state",
    permission=Permission.SYSTEM_METADATA_READ,
    admin=True,
    operation_id="getReverseGeocodingState",
)
async def geocoding_state(host: Kernel) -> ReverseGeocodingStateResponseDto:
    """Which place data was imported, and when."""
    found = await store.metadata(host.db, store.GEOCODING) or {}
    return ReverseGeocodingStateResponseDto(
        last_import_file_name=found.get("lastImportFileName"), last_update=found.get("lastUpdate")
    )


@ROUTES.get(
    "/system-metadata/version-check-state",
    permission=Permission.SYSTEM_METADATA_READ,
    admin=True,
    operation_id="getVersionCheckState",
)
async def version_check_state(host: Kernel) -> VersionCheckStateResponseDto:
    """What the last look for a newer release found."""
    return await version_check(host)
