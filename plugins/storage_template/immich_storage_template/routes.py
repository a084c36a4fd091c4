"""What the template's editor offers."""

from immich_host.plugin_api import Permission, Routes
from immich_host.plugin_api.dto import Dto
from immich_storage_template.variables import OPTIONS, PRESETS

ROUTES = Routes("System config")


class SystemConfigTemplateStorageOptionDto(Dto):
    """Date tokens by the part of a date that they show, and templates to begin with."""

    day_options: list[str]
    hour_options: list[str]
    minute_options: list[str]
    month_options: list[str]
    preset_options: list[str]
    second_options: list[str]
    week_options: list[str]
    year_options: list[str]


@ROUTES.get(
    "/system-config/storage-template-options",
    permission=Permission.SYSTEM_CONFIG_READ,
    admin=True,
    operation_id="getStorageTemplateOptions",
)
async def options() -> SystemConfigTemplateStorageOptionDto:
    """What templates can be made of."""
    tokens = {f"{part}_options": list(words) for part, words in OPTIONS.items()}
    return SystemConfigTemplateStorageOptionDto(**tokens, preset_options=list(PRESETS))
