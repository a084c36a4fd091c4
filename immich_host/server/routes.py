"""Routes of the tag Server: what a client asks before and after signing in."""

from pydantic.alias_generators import to_camel

from immich_host.media.types import IMAGE_TYPES, SIDECAR_TYPES, VIDEO_TYPES
from immich_host.plugin_api.errors import NotFound
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Routes
from immich_host.server import licence, store
from immich_host.server.disk import space
from immich_host.server.dto import (
    ServerAboutResponseDto,
    ServerApkLinksDto,
    ServerConfigDto,
    ServerFeaturesDto,
    ServerMediaTypesResponseDto,
    ServerPingResponse,
    ServerStatsResponseDto,
    ServerStorageResponseDto,
    ServerVersionHistoryResponseDto,
    ServerVersionResponseDto,
    UsageByUserDto,
    VersionCheckStateResponseDto,
)
from immich_host.server.programs import program_versions
from immich_host.server.version import API_VERSION_TEXT, DISTRIBUTION, api_version, own_version
from immich_host.settings.store import SettingsKernel, features
from immich_host.wire.dto import LicenseKeyDto, LicenseResponseDto
from immich_host.wire.kernel import Kernel

ROUTES = Routes("Server")

RELEASES = "https://github.com/immich-app/immich/releases"


@ROUTES.get("/server/ping", public=True, operation_id="pingServer")
async def ping() -> ServerPingResponse:
    """A sign of life."""
    return ServerPingResponse(res="pong")


@ROUTES.get("/server/version", public=True, operation_id="getServerVersion")
async def version() -> ServerVersionResponseDto:
    """The API version."""
    return api_version()


@ROUTES.get("/server/version-history", public=True, operation_id="getVersionHistory")
async def version_history(host: Kernel) -> list[ServerVersionHistoryResponseDto]:
    """The versions of this program that have run here, newest first."""
    return [ServerVersionHistoryResponseDto(**dict(row)) for row in await store.version_history(host.db)]


@ROUTES.get("/server/version-check", permission=Permission.SERVER_VERSION_CHECK, operation_id="getVersionCheck")
async def version_check(host: Kernel) -> VersionCheckStateResponseDto:
    """What the last look for a newer release found."""
    found = await store.metadata(host.db, store.VERSION_CHECK) or {}
    return VersionCheckStateResponseDto(checked_at=found.get("checkedAt"), release_version=found.get("releaseVersion"))


@ROUTES.get("/server/about", permission=Permission.SERVER_ABOUT, operation_id="getAboutInfo")
async def about(host: Kernel) -> ServerAboutResponseDto:
    """Versions: of the API, and in the build fields of this program."""
    return ServerAboutResponseDto.model_validate(
        {
            "version": API_VERSION_TEXT,
            "versionUrl": f"{RELEASES}/tag/{API_VERSION_TEXT}",
            "licensed": await store.metadata(host.db, store.LICENSE) is not None,
            "build": own_version(),
            "buildImage": f"{DISTRIBUTION} {own_version()}",
            "repository": DISTRIBUTION,
            "sourceRef": f"v{own_version()}",
            **await program_versions(host.binaries),
        }
    )


@ROUTES.get("/server/apk-links", permission=Permission.SERVER_APK_LINKS, operation_id="getApkLinks")
async def apk_links() -> ServerApkLinksDto:
    """Where the Android app of this API version is."""
    folder = f"{RELEASES}/download/{API_VERSION_TEXT}"
    return ServerApkLinksDto(
        arm64v8a=f"{folder}/app-arm64-v8a-release.apk",
        armeabiv7a=f"{folder}/app-armeabi-v7a-release.apk",
        universal=f"{folder}/app-release.apk",
        x86_64=f"{folder}/app-x86_64-release.apk",
    )


@ROUTES.get("/server/config", public=True, operation_id="getServerConfig", deprecated=True)
async def config(host: SettingsKernel) -> ServerConfigDto:
    """What a client must know before anyone signs in."""
    whole = host.live_settings.config
    onboarding = await store.metadata(host.db, store.ONBOARDING) or {}
    answer = ServerConfigDto(
        external_domain=whole.server.external_domain,
        is_initialized=await store.is_initialized(host.db),
        is_onboarded=onboarding.get("isOnboarded") is True,
        login_page_message=whole.server.login_page_message,
        maintenance_mode=False,
        map_dark_style_url=whole.map.dark_style,
        map_light_style_url=whole.map.light_style,
        min_faces=whole.machine_learning.facial_recognition.min_faces,
        oauth_button_text=whole.oauth.button_text,
        public_users=whole.server.public_users,
        trash_days=whole.trash.days,
        user_delete_delay=whole.user.delete_delay,
    )
    if whole.oauth.account_management_url:
        answer.oauth_account_management_url = whole.oauth.account_management_url
    return answer


@ROUTES.get("/server/features", public=True, operation_id="getServerFeatures", deprecated=True)
async def server_features(host: SettingsKernel) -> ServerFeaturesDto:
    """What this server can do; what no plugin announces is off."""
    able = dict.fromkeys(map(to_camel, ServerFeaturesDto.model_fields), False)
    return ServerFeaturesDto.model_validate(able | await features(host, None))


@ROUTES.get("/server/media-types", public=True, operation_id="getSupportedMediaTypes")
async def media_types() -> ServerMediaTypesResponseDto:
    """Extensions of the files that are taken in."""
    return ServerMediaTypesResponseDto(
        image=sorted(IMAGE_TYPES), sidecar=sorted(SIDECAR_TYPES), video=sorted(VIDEO_TYPES)
    )


@ROUTES.get(
    "/server/statistics", permission=Permission.SERVER_STATISTICS, admin=True, operation_id="getServerStatistics"
)
async def statistics(host: Kernel) -> ServerStatsResponseDto:
    """Numbers and bytes, in all and by user."""
    users = [UsageByUserDto(**dict(row)) for row in await store.statistics(host.db)]
    sums = {
        name: sum(getattr(user, name) for user in users)
        for name in ("photos", "videos", "usage", "usage_photos", "usage_videos")
    }
    return ServerStatsResponseDto(usage_by_user=users, **sums)


@ROUTES.get("/server/storage", permission=Permission.SERVER_STORAGE, operation_id="getStorage")
async def storage(host: Kernel) -> ServerStorageResponseDto:
    """Space on the disk of the media."""
    return await space(host.files.media_root)


@ROUTES.get(
    "/server/license", permission=Permission.SERVER_LICENSE_READ, admin=True, operation_id="getServerLicense",
    also_answers={404: None},
)  # fmt: skip
async def get_license(host: Kernel) -> LicenseResponseDto:
    """The stored product key; 404 if there is none."""
    found = await store.metadata(host.db, store.LICENSE)
    if found is None:
        raise NotFound("No license")
    return LicenseResponseDto.model_validate(found)


@ROUTES.put("/server/license", permission=Permission.SERVER_LICENSE_UPDATE, admin=True, operation_id="setServerLicense")
async def set_license(host: Kernel, body: LicenseKeyDto) -> LicenseResponseDto:
    """Store a product key."""
    return await licence.write(host.db, body)


@ROUTES.delete(
    "/server/license", permission=Permission.SERVER_LICENSE_DELETE, admin=True, operation_id="deleteServerLicense"
)
async def delete_license(host: Kernel) -> None:
    """Forget the product key."""
    await store.forget_metadata(host.db, store.LICENSE)
