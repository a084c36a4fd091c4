"""What clients may ask: the text in a picture."""

from uuid import UUID

from immich_host.plugin_api import Caller, Host, Permission, Routes
from immich_host.plugin_api.answers import AssetOcrResponseDto
from immich_ocr import store
from immich_ocr.lines import in_reading_order, line_of_row

ROUTES = Routes("Assets")


@ROUTES.get("/assets/{id}/ocr", permission=Permission.ASSET_READ, operation_id="getAssetOcr")
async def get_asset_ocr(caller: Caller, host: Host, id: UUID) -> list[AssetOcrResponseDto]:
    """The lines of text in a picture, in reading order."""
    await host.access.require_assets(caller, Permission.ASSET_READ, [id])
    rows = await store.visible(host.db, id)
    order = in_reading_order([line_of_row(row).box for row in rows])
    return [AssetOcrResponseDto(asset_id=id, **dict(rows[index])) for index in order]
