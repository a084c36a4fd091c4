"""What the asset routes take: bodies and query strings."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import MISSING, Field

from immich_host.assets.dto import AssetFileType
from immich_host.plugin_api.answers import AssetVisibility
from immich_host.plugin_api.dto import Dto, QueryDto
from immich_host.plugin_api.types import Binary, Id, QueryBool, Timestamp


class AssetJobName(StrEnum):
    """Jobs that can be asked for per asset."""

    REFRESH_FACES = "refresh-faces"
    REFRESH_METADATA = "refresh-metadata"
    REGENERATE_THUMBNAIL = "regenerate-thumbnail"
    TRANSCODE_VIDEO = "transcode-video"


class AssetMediaSize(StrEnum):
    """Renditions that can be asked for."""

    ORIGINAL = "original"
    FULLSIZE = "fullsize"
    PREVIEW = "preview"
    THUMBNAIL = "thumbnail"


class AssetBulkDeleteDto(Dto):
    """Assets to put into the trash, or to erase with `force`."""

    force: bool | MISSING = MISSING
    ids: list[Id]


class AssetMetadataUpsertItemDto(Dto):
    """One key and its value."""

    key: str
    value: dict[str, Any]


class AssetMediaCreateDto(Dto):
    """Form of an upload."""

    asset_data: Binary
    duration: Annotated[int, Field(ge=0)] | MISSING = MISSING
    file_created_at: Timestamp
    file_modified_at: Timestamp
    filename: str | MISSING = MISSING
    is_favorite: bool | MISSING = MISSING
    live_photo_video_id: Id | MISSING = MISSING
    metadata: list[AssetMetadataUpsertItemDto] | MISSING = MISSING
    sidecar_data: Binary | MISSING = MISSING
    visibility: AssetVisibility | MISSING = MISSING


class AssetBulkUpdateDto(Dto):
    """One change for many assets."""

    date_time_original: str | MISSING = MISSING
    date_time_relative: int | MISSING = MISSING
    description: str | MISSING = MISSING
    duplicate_id: str | MISSING | None = MISSING
    ids: list[Id]
    is_favorite: bool | MISSING = MISSING
    latitude: Annotated[float, Field(ge=-90, le=90)] | MISSING = MISSING
    longitude: Annotated[float, Field(ge=-180, le=180)] | MISSING = MISSING
    rating: Annotated[int, Field(ge=-1, le=5)] | MISSING | None = MISSING
    time_zone: str | MISSING = MISSING
    visibility: AssetVisibility | MISSING = MISSING


class AssetBulkUploadCheckItem(Dto):
    """One file, by the client's own id; SHA-1 in hex or base64."""

    checksum: str
    id: str


class AssetBulkUploadCheckDto(Dto):
    """Checksums of files that a client could upload."""

    assets: list[AssetBulkUploadCheckItem]


class AssetCopyDto(Dto):
    """What to copy from one asset to another."""

    albums: bool = True
    favorite: bool = True
    shared_links: bool = True
    sidecar: bool = True
    source_id: Id
    stack: bool = True
    target_id: Id


class AssetJobsDto(Dto):
    """A job to run for some assets."""

    asset_ids: list[Id]
    name: AssetJobName


class AssetMetadataBulkDeleteItemDto(Dto):
    """One key of one asset."""

    asset_id: Id
    key: str


class AssetMetadataBulkDeleteDto(Dto):
    """Metadata keys to remove."""

    items: list[AssetMetadataBulkDeleteItemDto]


class AssetMetadataBulkUpsertItemDto(Dto):
    """One key and value of one asset."""

    asset_id: Id
    key: str
    value: dict[str, Any]


class AssetMetadataBulkUpsertDto(Dto):
    """Metadata to store for several assets."""

    items: list[AssetMetadataBulkUpsertItemDto]


class UpdateAssetDto(Dto):
    """Changes to an asset."""

    date_time_original: str | MISSING = MISSING
    description: str | MISSING = MISSING
    is_favorite: bool | MISSING = MISSING
    latitude: Annotated[float, Field(ge=-90, le=90)] | MISSING = MISSING
    live_photo_video_id: Id | MISSING | None = MISSING
    longitude: Annotated[float, Field(ge=-180, le=180)] | MISSING = MISSING
    rating: Annotated[int, Field(ge=-1, le=5)] | MISSING | None = MISSING
    visibility: AssetVisibility | MISSING = MISSING


class AssetMetadataUpsertDto(Dto):
    """Metadata to store."""

    items: list[AssetMetadataUpsertItemDto]


class SearchAssetFilesQuery(QueryDto):
    """Query of `searchAssetFiles`."""

    asset_id: Id
    is_edited: QueryBool | None = None
    is_progressive: QueryBool | None = None
    is_transparent: QueryBool | None = None
    type: AssetFileType | None = None


class GetAssetStatisticsQuery(QueryDto):
    """Query of `getAssetStatistics`."""

    is_favorite: QueryBool | None = None
    is_trashed: QueryBool | None = None
    visibility: AssetVisibility | None = None


class DownloadAssetQuery(QueryDto):
    """Query of `downloadAsset`."""

    edited: QueryBool = False


class ViewAssetQuery(QueryDto):
    """Query of `viewAsset`."""

    edited: QueryBool = False
    size: AssetMediaSize | None = None
