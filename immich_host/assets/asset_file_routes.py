"""Tag `Asset files`: the derived files and sidecars of an asset."""

from typing import Any
from uuid import UUID

from immich_host.assets.dto import AssetFileResponseDto
from immich_host.assets.dto_input import SearchAssetFilesQuery
from immich_host.assets.file_store import AssetFileDetail, find_file, find_files
from immich_host.media.answers import Receive, Scope, Send
from immich_host.media.sending import NOT_CACHED, send_file, sent_file
from immich_host.media.types import OCTETS
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, Routes
from immich_host.wire.access import refusal
from immich_host.wire.kernel import Kernel

routes = Routes("Asset files")


@routes.get("/asset-files", permission=Permission.ASSET_FILE_READ, operation_id="searchAssetFiles")
async def search_asset_files(caller: Caller, host: Kernel, query: SearchAssetFilesQuery) -> list[AssetFileResponseDto]:
    """List the files of one asset."""
    await host.access.require_assets(caller, Permission.ASSET_FILE_READ, [query.asset_id])
    files = await find_files(
        host.db,
        query.asset_id,
        type=query.type.value if query.type else None,
        is_edited=query.is_edited,
        is_progressive=query.is_progressive,
        is_transparent=query.is_transparent,
    )
    return [_shown(host, file) for file in files]


@routes.get("/asset-files/{id}", permission=Permission.ASSET_FILE_READ, operation_id="getAssetFile")
async def get_asset_file(caller: Caller, host: Kernel, id: UUID) -> AssetFileResponseDto:
    """One file's row."""
    return _shown(host, await _allowed(host, caller, id, Permission.ASSET_FILE_READ))


@routes.delete("/asset-files/{id}", permission=Permission.ASSET_FILE_DELETE, status=204, operation_id="deleteAssetFile")
async def delete_asset_file(caller: Caller, host: Kernel, id: UUID) -> None:
    """Remove a file and its row; jobs make derived ones again when asked to."""
    file = await _allowed(host, caller, id, Permission.ASSET_FILE_DELETE)
    keep = file.is_external and file.path.startswith("/")
    await host.files.forget(file.asset_id, file.type, is_edited=file.is_edited, keep=keep)


@routes.get(
    "/asset-files/{id}/download",
    permission=Permission.ASSET_FILE_DOWNLOAD,
    raw=True,
    operation_id="downloadAssetFile",
    answer_type=OCTETS,
)
async def download_asset_file(
    caller: Caller, host: Kernel, scope: Scope, receive: Receive, send: Send, id: UUID
) -> None:
    """Send the file."""
    file = await _allowed(host, caller, id, Permission.ASSET_FILE_DOWNLOAD)
    path = host.paths.absolute(file.path, external=file.is_external)
    await send_file(scope, receive, send, sent_file(str(path), file_name=path.name, cache=NOT_CACHED))


async def _allowed(host: Kernel, caller: Caller, file_id: UUID, permission: Permission) -> AssetFileDetail:
    file = await find_file(host.db, file_id)
    if file is None:
        raise refusal(permission)
    await host.access.require_assets(caller, permission, [file.asset_id])
    return file


def _shown(host: Kernel, file: AssetFileDetail) -> AssetFileResponseDto:
    values: dict[str, Any] = {
        "id": file.id,
        "type": file.type,
        "path": host.paths.shown(file.path),
        "is_edited": file.is_edited,
        "is_progressive": file.is_progressive,
        "is_transparent": file.is_transparent,
        "created_at": file.created_at,
        "updated_at": file.updated_at,
    }
    return AssetFileResponseDto(**values)
