"""Tag `Download`: what to ask for, and the archives themselves."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from pydantic import MISSING

from immich_host.download.dto import DownloadArchiveDto, DownloadInfoDto, DownloadResponseDto
from immich_host.download.splitting import DEFAULT_ARCHIVE_SIZE, split
from immich_host.download.store import Item, ZippedFile, files_of, items_by_id, items_where, videos_of
from immich_host.download.zipping import distinct_names, zipped
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import ByteStream, Caller, Routes
from immich_host.users import store as users
from immich_host.wire.access import refusal
from immich_host.wire.kernel import Kernel

routes = Routes("Download")

_SHARED: dict[str, Any] = {"permission": Permission.ASSET_DOWNLOAD, "shared_link": True}


@routes.post("/download/info", status=201, operation_id="getDownloadInfo", **_SHARED)
async def read_download_info(caller: Caller, host: Kernel, body: DownloadInfoDto) -> DownloadResponseDto:
    """Split a selection into archives by size."""
    _check_link(caller)
    items = await _selected(host, caller, body)
    size = DEFAULT_ARCHIVE_SIZE if body.archive_size is MISSING else body.archive_size
    return await split(items, size, embedded_videos=await _wants_embedded_videos(host, caller))


@routes.post(
    "/download/archive",
    status=200,
    operation_id="downloadArchive",
    answer_type="application/octet-stream",
    **_SHARED,
)
async def download_archive(caller: Caller, host: Kernel, body: DownloadArchiveDto) -> ByteStream:
    """Send assets as one zip file, while it is zipped."""
    _check_link(caller)
    ids = list(dict.fromkeys(body.asset_ids))
    await _require(host, caller, ids)
    edited = caller.shared_link is not None or body.edited is True
    found = await files_of(host.db, ids, edited=edited)
    paths = [_path(host, file) for file in found]
    names = distinct_names(
        _name(file.original_file_name, path, is_edited=file.edited_path is not None)
        for file, path in zip(found, paths, strict=True)
    )
    headers = {} if body.archive_name is MISSING else {"Content-Disposition": _disposition(body.archive_name)}

    async def where(number: int) -> Path:
        """Where the file is by now: sending takes its time, and names in the library pass on."""
        if not found[number].original_path.startswith("library/") and paths[number].is_file():
            return paths[number]
        now = await files_of(host.db, [found[number].id], edited=edited)
        return _path(host, now[0]) if now else paths[number]

    return ByteStream(zipped(list(zip(paths, names, strict=True)), where), headers=headers)


def _check_link(caller: Caller) -> None:
    if caller.shared_link is not None and not caller.shared_link.allow_download:
        raise refusal(Permission.ASSET_DOWNLOAD)


async def _selected(host: Kernel, caller: Caller, body: DownloadInfoDto) -> AsyncIterator[Item]:
    if body.asset_ids is not MISSING:
        ids = list(dict.fromkeys(body.asset_ids))
        await host.access.require_assets(caller, Permission.ASSET_DOWNLOAD, ids)
        return items_by_id(host.db, ids)
    if body.album_id is not MISSING:
        return await _of_album(host, caller, body.album_id)
    if body.user_id is not MISSING:
        return await _of_user(host, caller, body.user_id)
    raise Refused(400, "One of assetIds, albumId and userId is needed")


async def _of_album(host: Kernel, caller: Caller, album_id: UUID) -> AsyncIterator[Item]:
    given = await host.hosting.gather("asset_filter", strict=True, params={"albumId": album_id}, user=caller)
    if "albumId" not in given:
        raise refusal(Permission.ALBUM_DOWNLOAD)
    condition, values = given["albumId"]
    return items_where(host.db, f"asset.visibility IN ('timeline', 'archive') AND ({condition})", values)


async def _of_user(host: Kernel, caller: Caller, user_id: UUID) -> AsyncIterator[Item]:
    await host.access.require_timeline(caller, user_id, Permission.TIMELINE_DOWNLOAD)
    shown = "('timeline', 'archive')" if user_id == caller.user_id else "('timeline')"
    return items_where(host.db, f"asset.owner_id = ? AND asset.visibility IN {shown}", [user_id])


async def _wants_embedded_videos(host: Kernel, caller: Caller) -> bool:
    preferences = await users.metadata(host.db, caller.user_id, "preferences") or {}
    return bool(preferences.get("download", {}).get("includeEmbeddedVideos", False))


async def _require(host: Kernel, caller: Caller, ids: Sequence[UUID]) -> None:
    """The moving half of a live photo goes with its still."""
    allowed = await host.access.allowed_assets(caller, Permission.ASSET_DOWNLOAD, ids)
    rest = set(ids) - allowed
    if rest and await videos_of(host.db, allowed, rest) != rest:
        raise refusal(Permission.ASSET_DOWNLOAD)


def _path(host: Kernel, file: ZippedFile) -> Path:
    return host.paths.absolute(file.edited_path or file.original_path, external=file.is_external)


def _name(original: str, path: Path, *, is_edited: bool) -> str:
    return f"{Path(original).stem}{path.suffix}" if is_edited else Path(original).name


def _disposition(name: str) -> str:
    name = name if name.lower().endswith(".zip") else f"{name}.zip"
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"
