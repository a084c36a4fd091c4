"""What administrators may ask."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from immich_host.plugin_api import Host, Permission, Routes
from immich_host.plugin_api.dto import Dto, QueryDto
from immich_hot_folder import store
from immich_hot_folder.jobs import SCAN
from immich_hot_folder.settings import HotFolder

ROUTES = Routes("Hot folders")


class FolderDto(Dto):
    """A folder, and whether it can be seen."""

    path: str
    owner: str
    after_import: str
    is_there: bool


class StatusDto(Dto):
    """Folders, and how many files came to what."""

    folders: list[FolderDto]
    files: dict[str, int]


class FileDto(Dto):
    """What came of a file."""

    path: str
    owner_id: UUID
    status: str
    reason: str | None
    asset_id: UUID | None
    looked_at: datetime


class FilesQueryDto(QueryDto):
    """Which files."""

    status: Literal["imported", "duplicate", "refused", "failed"] | None = None
    limit: int = Field(default=100, ge=1, le=1000)


@ROUTES.get(
    "/plugins/hot_folder/status", permission=Permission.LIBRARY_READ, admin=True, operation_id="getHotFolderStatus"
)
async def status(host: Host) -> StatusDto:
    """The folders and what came of their files."""
    folders = [
        FolderDto(path=str(one.path), owner=one.owner, after_import=one.after_import, is_there=one.path.is_dir())
        for one in host.settings(HotFolder).folders
    ]
    return StatusDto(folders=folders, files=await store.counts(host.db))


@ROUTES.get(
    "/plugins/hot_folder/files", permission=Permission.LIBRARY_READ, admin=True, operation_id="getHotFolderFiles"
)
async def files(query: FilesQueryDto, host: Host) -> list[FileDto]:
    """Files, those looked at last first."""
    return [FileDto(**dict(row)) for row in await store.files(host.db, query.status, query.limit)]


@ROUTES.post(
    "/plugins/hot_folder/scan", permission=Permission.LIBRARY_UPDATE, admin=True, status=204,
    operation_id="scanHotFolders",
)  # fmt: skip
async def scan(host: Host) -> None:
    """Look now."""
    await host.jobs.request(SCAN, cause="manual")
