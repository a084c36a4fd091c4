"""Routes of the tags System config and Config (admin, user, public)."""

from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, Routes
from immich_host.settings.catalogue import dumped
from immich_host.settings.documents import Document
from immich_host.settings.dto import PublicConfigDto, UserConfigDto
from immich_host.settings.dto_admin import AdminConfigDto
from immich_host.settings.store import SettingsKernel, features

SYSTEM = Routes("System config")
ADMIN = Routes("Config (admin)")
USER = Routes("Config (user)")
PUBLIC = Routes("Config (public)")

ROUTES = (SYSTEM, ADMIN, USER, PUBLIC)

_FLAGS = {
    "map": "map",
    "oauth": "oauth",
    "reverseGeocoding": "reverseGeocoding",
    "ffmpeg.realtime": "realtimeTranscoding",
    "machineLearning.clip": "smartSearch",
    "machineLearning.duplicateDetection": "duplicateDetection",
    "machineLearning.facialRecognition": "facialRecognition",
    "machineLearning.ocr": "ocr",
}
"""Parts of the settings whose `enabled` also needs a plugin that announces the feature."""


@SYSTEM.get(
    "/system-config",
    permission=Permission.SYSTEM_CONFIG_READ,
    admin=True,
    operation_id="getConfig",
    deprecated=True,
)
async def get_config(host: SettingsKernel) -> AdminConfigDto:
    """All settings."""
    return host.live_settings.config


@SYSTEM.put(
    "/system-config",
    permission=Permission.SYSTEM_CONFIG_UPDATE,
    admin=True,
    operation_id="updateConfig",
    deprecated=True,
)
async def update_config(host: SettingsKernel, body: AdminConfigDto) -> AdminConfigDto:
    """Replace all settings."""
    return await host.live_settings.update(body)


@SYSTEM.get(
    "/system-config/defaults",
    permission=Permission.SYSTEM_CONFIG_READ,
    admin=True,
    operation_id="getConfigDefaults",
    deprecated=True,
)
async def get_config_defaults(host: SettingsKernel) -> AdminConfigDto:
    """The settings of a new server."""
    return host.live_settings.default_config


@ADMIN.get("/admin/config", permission=Permission.ADMIN_CONFIG_READ, admin=True, operation_id="getAdminConfig")
async def get_admin_config(host: SettingsKernel) -> AdminConfigDto:
    """All settings."""
    return host.live_settings.config


@ADMIN.put("/admin/config", permission=Permission.ADMIN_CONFIG_UPDATE, admin=True, operation_id="updateAdminConfig")
async def update_admin_config(host: SettingsKernel, body: AdminConfigDto) -> AdminConfigDto:
    """Replace all settings."""
    return await host.live_settings.update(body)


@ADMIN.get(
    "/admin/config/defaults",
    permission=Permission.ADMIN_CONFIG_READ,
    admin=True,
    operation_id="getAdminConfigDefaults",
)
async def get_admin_config_defaults(host: SettingsKernel) -> AdminConfigDto:
    """The settings of a new server."""
    return host.live_settings.default_config


@USER.get("/config", permission=Permission.USER_CONFIG_READ, operation_id="getUserConfig")
async def get_user_config(host: SettingsKernel, caller: Caller) -> UserConfigDto:
    """The settings that matter to users; what no plugin does is off."""
    shown = _possible(dumped(host.live_settings.config), await features(host, caller))
    return UserConfigDto.model_validate(shown)


@USER.get("/config/defaults", permission=Permission.USER_CONFIG_READ, operation_id="getUserConfigDefaults")
async def get_user_config_defaults(host: SettingsKernel) -> UserConfigDto:
    """What users see of the settings of a new server."""
    return UserConfigDto.model_validate(dumped(host.live_settings.default_config))


@PUBLIC.get("/public/config", public=True, operation_id="getPublicConfig")
async def get_public_config(host: SettingsKernel) -> PublicConfigDto:
    """The settings that matter before anyone signs in."""
    shown = _possible(dumped(host.live_settings.config), await features(host, None))
    return PublicConfigDto.model_validate(shown)


@PUBLIC.get("/public/config/defaults", public=True, operation_id="getPublicConfigDefaults")
async def get_public_config_defaults(host: SettingsKernel) -> PublicConfigDto:
    """What visitors see of the settings of a new server."""
    return PublicConfigDto.model_validate(dumped(host.live_settings.default_config))


def _possible(config: Document, able: dict[str, bool]) -> Document:
    """`config` with `enabled` false wherever the feature behind it is not there."""
    for path, feature in _FLAGS.items():
        inner = config
        for name in path.split("."):
            inner = inner[name]
        inner["enabled"] = inner["enabled"] and able.get(feature, False)
    return config
