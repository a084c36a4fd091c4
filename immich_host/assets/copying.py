"""Giving one asset the properties of another, for clients that replace a file by a better one."""

import asyncio
import shutil
from uuid import UUID

from immich_host.assets import writing
from immich_host.assets.dto_input import AssetCopyDto
from immich_host.assets.stacking import tell_owner
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.wire.access import refusal
from immich_host.wire.kernel import Kernel


async def copy_properties(host: Kernel, wanted: AssetCopyDto) -> None:
    """Copy what is wanted; albums and shared links are copied by the plugins that own them.

    Raises:
        Refused: 400 when source and target are one, the source is gone, or stacks have to be merged and what is shown
            is in the trash.
    """
    source, target = wanted.source_id, wanted.target_id
    if source == target:
        raise Refused(400, "Source and target id must be different")
    async with host.db.transaction():
        if wanted.stack:
            await host.stacks.hold([source, target])
        row = await host.db.fetchrow("SELECT owner_id, is_favorite, stack_id FROM asset WHERE id = $1", source)
        if row is None:  # erased since it was allowed
            raise refusal(Permission.ASSET_COPY)
        columns = {}
        if wanted.favorite:
            columns["is_favorite"] = row["is_favorite"]
        if wanted.stack and row["stack_id"] is not None and not await _merged(host, source, target, row["stack_id"]):
            columns["stack_id"] = row["stack_id"]
        owner, changed = await writing.update_columns(host.db, target, columns)
        if changed:
            await host.publish("asset_changed", asset_id=target, owner_id=owner, fields=sorted(changed), cause="copy")
        if "stack_id" in changed:
            tell_owner(host.db, host.push, row["owner_id"])
        parts = [name for name, chosen in (("albums", wanted.albums), ("shared_links", wanted.shared_links)) if chosen]
        if parts:
            await host.publish("asset_copied", source_id=source, asset_id=target, owner_id=row["owner_id"], parts=parts)
    if wanted.sidecar:
        await _copy_sidecar(host, source, target)


async def _merged(host: Kernel, source: UUID, target: UUID, stack_id: UUID) -> bool:
    """Where the target is in another stack than the source, make one of both, so that nobody is left alone in one."""
    shown = await host.db.fetchval(
        """SELECT s.primary_asset_id FROM asset a JOIN stack s ON s.id = a.stack_id
           WHERE a.id = $1 AND s.id <> $2""",
        target, stack_id,
    )  # fmt: skip
    if shown is None:
        return False
    await host.stacks.stack([shown, source], cause="copy")
    return True


async def _copy_sidecar(host: Kernel, source: UUID, target: UUID) -> None:
    """Meanwhile neither is moved, nor are edits written into one that is replaced."""
    first, second = sorted((source, target))
    async with host.files.holding(first), host.files.holding(second):
        await _sidecar_copied(host, source, target)


async def _sidecar_copied(host: Kernel, source: UUID, target: UUID) -> None:
    files = {file.type: file for file in await host.files.of_asset(source)}
    asset = await host.assets.get(target)
    if "sidecar" not in files or asset is None:
        return
    copy = host.paths.upload(asset.owner_id, ".xmp")
    async with host.files.writing(copy) as temporary:
        await asyncio.to_thread(shutil.copyfile, files["sidecar"].path, temporary)
    await host.files.register(target, "sidecar", copy, cause="copy")
