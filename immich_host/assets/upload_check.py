"""`POST /assets/bulk-upload-check`: which files a client need not send."""

from immich_host.assets.checksums import read_checksum
from immich_host.assets.dto import (
    AssetBulkUploadCheckResponseDto,
    AssetBulkUploadCheckResult,
    AssetRejectReason,
    AssetUploadAction,
)
from immich_host.assets.dto_input import AssetBulkUploadCheckDto
from immich_host.assets.upload_store import find_by_checksums
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, Routes
from immich_host.wire.kernel import Kernel

routes = Routes("Assets")


@routes.post(
    "/assets/bulk-upload-check", permission=Permission.ASSET_UPLOAD, status=200, operation_id="checkBulkUpload"
)
async def check_bulk_upload(
    caller: Caller, host: Kernel, body: AssetBulkUploadCheckDto
) -> AssetBulkUploadCheckResponseDto:
    """Say for each checksum whether the caller has the file already."""
    sums = [read_checksum(item.checksum) for item in body.assets]
    known = await find_by_checksums(host.db, caller.user_id, [value for value in sums if value is not None])
    results: list[AssetBulkUploadCheckResult] = []
    for item, checksum in zip(body.assets, sums, strict=True):
        row = known.get(checksum) if checksum is not None else None
        if row is None:
            results.append(AssetBulkUploadCheckResult(id=item.id, action=AssetUploadAction.ACCEPT))
        else:
            results.append(
                AssetBulkUploadCheckResult(
                    id=item.id,
                    action=AssetUploadAction.REJECT,
                    reason=AssetRejectReason.DUPLICATE,
                    asset_id=row["id"],
                    is_trashed=row["is_trashed"],
                )
            )
    return AssetBulkUploadCheckResponseDto(results=results)
