"""Which facts become which events for clients."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel

from immich_host.realtime.presence import Presence
from immich_host.realtime.store import is_hidden, ready_asset
from immich_host.wire.kernel import Kernel

type Listener = Callable[..., Awaitable[None]]
"""`async def listener(host, **arguments of the fact)`."""

type OwnersView = Callable[[Kernel, UUID, UUID], Awaitable[BaseModel | None]]
"""(host, asset, owner) -> the full asset as its owner sees it, or None when it is gone."""

SIDECAR_WRITTEN: Final = "sidecar-write"
"""Cause of a sidecar that an edit was written to, and of what reading the file again then changes."""


def listeners(owners_view: OwnersView) -> dict[str, Listener]:
    """Fact -> listener, for the kernel to hand to `Hosting.listen`."""

    async def asset_viewable(host: Kernel, asset_id: UUID, owner_id: UUID, cause: str, **_: Any) -> None:
        """A photo just uploaded can be looked at. Hidden parts of live photos are not told of."""
        if cause not in {"upload", "import"} or not await Presence(host.redis).is_connected(owner_id):
            return
        ready = await ready_asset(host.db, asset_id)
        view = await owners_view(host, asset_id, owner_id) if ready else None
        if ready is None or view is None:
            return
        await host.push.to_user(owner_id, "on_upload_success", _json(view))
        await host.push.to_user(owner_id, "AssetUploadReadyV2", ready)

    async def asset_file_written(host: Kernel, asset_id: UUID, owner_id: UUID, type: str, cause: str, **_: Any) -> None:
        """An edit has reached the file, so it holds in every window."""
        if type == "sidecar" and cause == SIDECAR_WRITTEN:
            await _updated(owners_view, host, asset_id, owner_id)

    async def asset_changed(
        host: Kernel, asset_id: UUID, owner_id: UUID, fields: Sequence[str], cause: str, **_: Any
    ) -> None:
        if cause == SIDECAR_WRITTEN:
            await _updated(owners_view, host, asset_id, owner_id)
        elif "visibility" in fields and await is_hidden(host.db, asset_id):
            await host.push.to_user(owner_id, "on_asset_hidden", str(asset_id))

    return {
        "asset_viewable": asset_viewable,
        "asset_file_written": asset_file_written,
        "asset_changed": asset_changed,
        "asset_trashed": asset_trashed,
        "asset_restored": asset_restored,
        "asset_deleted": asset_deleted,
        "user_deleted": user_deleted,
    }


async def _updated(owners_view: OwnersView, host: Kernel, asset_id: UUID, owner_id: UUID) -> None:
    if not await Presence(host.redis).is_connected(owner_id):
        return
    view = await owners_view(host, asset_id, owner_id)
    if view is not None:
        await host.push.to_user(owner_id, "on_asset_update", _json(view))


async def asset_trashed(host: Kernel, asset_ids: Sequence[UUID], owner_id: UUID, **_: Any) -> None:
    """Assets went to the trash."""
    await host.push.to_user(owner_id, "on_asset_trash", [str(one) for one in asset_ids])


async def asset_restored(host: Kernel, asset_ids: Sequence[UUID], owner_id: UUID, **_: Any) -> None:
    """Assets came back."""
    await host.push.to_user(owner_id, "on_asset_restore", [str(one) for one in asset_ids])


async def asset_deleted(host: Kernel, asset_id: UUID, owner_id: UUID, **_: Any) -> None:
    """An asset is gone for good."""
    await host.push.to_user(owner_id, "on_asset_delete", str(asset_id))


async def user_deleted(host: Kernel, user_id: UUID, **_: Any) -> None:
    """An account is gone for good; every client may show its name somewhere."""
    await host.push.to_everyone("on_user_delete", str(user_id))


def _json(view: BaseModel) -> dict[str, Any]:
    return view.model_dump(mode="json", by_alias=True)
