"""Originals, thumbnails and playable videos, sent by the byte lane."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from immich_host.assets.dto_input import AssetMediaSize, DownloadAssetQuery, ViewAssetQuery
from immich_host.assets.renditions import Kind, Rendition, renditions_of
from immich_host.media.answers import Receive, Scope, Send
from immich_host.media.sending import send_file
from immich_host.media.types import DISPLAYABLE_TYPES, OCTETS, suffix_of
from immich_host.plugin_api.errors import Elsewhere, NotFound, Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, Routes
from immich_host.wire.access import refusal
from immich_host.wire.kernel import Kernel

routes = Routes("Assets")


@routes.get(
    "/assets/{id}/thumbnail",
    permission=Permission.ASSET_VIEW,
    raw=True,
    shared_link=True,
    operation_id="viewAsset",
    answer_type=OCTETS,
)
async def view_asset(
    caller: Caller, host: Kernel, scope: Scope, receive: Receive, send: Send, id: UUID, query: ViewAssetQuery
) -> None:
    """Send a thumbnail, preview or full-size picture."""
    size = query.size or AssetMediaSize.THUMBNAIL
    edited = query.edited or caller.shared_link is not None
    if size is AssetMediaSize.ORIGINAL:
        raise _elsewhere(scope, f"/api/assets/{id}/original")
    found = await _allowed(host, caller, id, size.value, Permission.ASSET_VIEW, edited=edited)
    if size is AssetMediaSize.FULLSIZE and _original_will_do(found, edited=edited):
        raise _elsewhere(scope, f"/api/assets/{id}/original")
    if found.file is not None:
        await _Sending(host, scope, receive, send).send(id, size.value, found, edited=edited)
    elif size is AssetMediaSize.FULLSIZE:
        raise _elsewhere(scope, f"/api/assets/{id}/thumbnail", size="preview")
    else:
        raise NotFound


@routes.get(
    "/assets/{id}/original",
    permission=Permission.ASSET_DOWNLOAD,
    raw=True,
    shared_link=True,
    operation_id="downloadAsset",
    answer_type=OCTETS,
)
async def download_asset(
    caller: Caller, host: Kernel, scope: Scope, receive: Receive, send: Send, id: UUID, query: DownloadAssetQuery
) -> None:
    """Send the file as it was uploaded, or its edited form."""
    edited = query.edited or caller.shared_link is not None
    found = await _allowed_or_hidden(host, caller, id, "original", Permission.ASSET_DOWNLOAD, edited=edited)
    await _Sending(host, scope, receive, send).send(id, "original", found, edited=edited)


@routes.get(
    "/assets/{id}/video/playback",
    permission=Permission.ASSET_VIEW,
    raw=True,
    shared_link=True,
    operation_id="playAssetVideo",
    answer_type=OCTETS,
)
async def play_asset_video(caller: Caller, host: Kernel, scope: Scope, receive: Receive, send: Send, id: UUID) -> None:
    """Send the transcoded video, or the original where there is none."""
    kind: Kind = "encoded_video"
    found = await _allowed_or_hidden(host, caller, id, kind, Permission.ASSET_VIEW, edited=False)
    if not found.is_video:
        raise NotFound
    if found.file is None:
        kind = "original"
        found = await _allowed_or_hidden(host, caller, id, kind, Permission.ASSET_VIEW, edited=False)
    await _Sending(host, scope, receive, send).send(id, kind, found, edited=False)


@dataclass(frozen=True, slots=True)
class _Sending:
    host: Kernel
    scope: Scope
    receive: Receive
    to: Send

    async def send(self, asset_id: UUID, kind: Kind, found: Rendition, *, edited: bool) -> None:
        """Send the file; one that was moved since its row was read is sent from where it is now."""
        if found.file is None:
            raise NotFound
        try:
            await send_file(self.scope, self.receive, self.to, found.file)
        except NotFound:
            now = await renditions_of(self.host).find(asset_id, kind, edited=edited)
            if now is None or now.file is None or now.file.path == found.file.path:
                raise
            await send_file(self.scope, self.receive, self.to, now.file)


async def _allowed(
    host: Kernel, caller: Caller, asset_id: UUID, kind: Kind, permission: Permission, *, edited: bool
) -> Rendition:
    """The rendition if the caller may have it; raises the 400 of object rights otherwise."""
    renditions = renditions_of(host)
    found = renditions.remembered(asset_id, kind, edited=edited)
    if found is None:
        found = await renditions.find(asset_id, kind, edited=edited)
    if found is None:
        raise refusal(permission)
    if not found.is_open_to(caller):
        await host.access.require_assets(caller, permission, [asset_id])
    return found


async def _allowed_or_hidden(
    host: Kernel, caller: Caller, asset_id: UUID, kind: Kind, permission: Permission, *, edited: bool
) -> Rendition:
    """As `_allowed`, but a refusal is 404: so answer these two routes."""
    try:
        return await _allowed(host, caller, asset_id, kind, permission, edited=edited)
    except Refused as error:
        raise NotFound from error


def _original_will_do(found: Rendition, *, edited: bool) -> bool:
    return suffix_of(found.original_name) in DISPLAYABLE_TYPES and not (edited and found.is_edited)


def _elsewhere(scope: Scope, path: str, **query: str) -> Elsewhere:
    asked = parse_qsl(scope["query_string"].decode("latin-1"))
    text = urlencode([*((name, value) for name, value in asked if name != "size"), *query.items()])
    return Elsewhere(f"{path}?{text}" if text else path)
