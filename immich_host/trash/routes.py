"""Routes of the trash."""

from immich_host.assets.store import empty_trash, restore
from immich_host.plugin_api.answers import BulkIdsDto
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, Routes
from immich_host.trash.dto import TrashResponseDto
from immich_host.wire.kernel import Kernel

routes = Routes("Trash")


@routes.post("/trash/empty", operation_id="emptyTrash", permission=Permission.ASSET_DELETE)
async def empty(caller: Caller, host: Kernel) -> TrashResponseDto:
    """Let go of everything in the caller's trash; a job erases it."""
    return TrashResponseDto(count=await empty_trash(host, caller.user_id))


@routes.post("/trash/restore", operation_id="restoreTrash", permission=Permission.ASSET_DELETE)
async def restore_all(caller: Caller, host: Kernel) -> TrashResponseDto:
    """Take everything of the caller's out of the trash."""
    return TrashResponseDto(count=await restore(host, caller.user_id))


@routes.post("/trash/restore/assets", operation_id="restoreAssets", permission=Permission.ASSET_DELETE)
async def restore_some(caller: Caller, host: Kernel, body: BulkIdsDto) -> TrashResponseDto:
    """Take some assets out of the trash."""
    if not body.ids:
        return TrashResponseDto(count=0)
    await host.access.require_assets(caller, Permission.ASSET_DELETE, body.ids)
    return TrashResponseDto(count=await restore(host, caller.user_id, body.ids))
