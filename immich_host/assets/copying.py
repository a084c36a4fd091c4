"""Giving one asset the properties of another, for clients that replace a file by a better one."""

import asyncio
import shutil
from uuid import UUID

from immich_host.assets import writing
from immich_host.assets.dto_input import AssetCopyDto
from immich_host.plugin_api.errors import Refused
from immich_host.wire.kernel import Kernel


async def copy_properties(host: Kernel, wanted: AssetCopyDto) -> None:
    """Copy what is wanted; albums and shared links are copied by the plugins that own them.

    Raises:
        Refused: 400 when source and target are one.
    """
    source, target = wanted.source_id, wanted.target_id
    if source == target:
        raise Refused(400, "Source and target id must be different")
    row = await host.db.fetchrow("SELECT owner_id, is_favorite, stack_id FROM asset WHERE id = $1", source)
    async with host.db.transaction():
        columns = {}
        if wanted.favorite:
            columns["is_favorite"] = row["is_favorite"]
        if wanted.stack and row["stack_id"] is not None:
            columns["stack_id"] = row["stack_id"]
        owner, changed = await writing.update_columns(host.db, target, columns)
        if changed:
            await host.publish("asset_changed", asset_id=target, owner_id=owner, fields=sorted(changed), cause="copy")
        parts = [name for name, chosen in (("albums", wanted.albums), ("shared_links", wanted.shared_links)) if chosen]
        if parts:
            await host.publish("asset_copied", source_id=source, asset_id=target, owner_id=row["owner_id"], parts=parts)
    if wanted.sidecar:
        await _copy_sidecar(host, source, target)


async def _copy_sidecar(host: Kernel, source: UUID, target: UUID) -> None:
    files = {file.type: file for file in await host.files.of_asset(source)}
    asset = await host.assets.get(target)
    if "sidecar" not in files or asset is None:
        return
    copy = host.paths.upload(asset.owner_id, ".xmp")
    async with host.files.writing(copy) as temporary:
        await asyncio.to_thread(shutil.copyfile, files["sidecar"].path, temporary)
    await host.files.register(target, "sidecar", copy, cause="copy")
