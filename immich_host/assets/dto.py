"""What the asset routes answer."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import MISSING

from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import Timestamp


class AssetMediaStatus(StrEnum):
    """What became of an upload."""

    CREATED = "created"
    DUPLICATE = "duplicate"


class AssetUploadAction(StrEnum):
    """Whether a file is wanted."""

    ACCEPT = "accept"
    REJECT = "reject"


class AssetRejectReason(StrEnum):
    """Why a file is not wanted."""

    DUPLICATE = "duplicate"
    UNSUPPORTED_FORMAT = "unsupported-format"


class AssetFileType(StrEnum):
    """Purpose of a derived file."""

    FULLSIZE = "fullsize"
    PREVIEW = "preview"
    THUMBNAIL = "thumbnail"
    SIDECAR = "sidecar"
    ENCODED_VIDEO = "encoded_video"


class AssetMediaResponseDto(Dto):
    """What became of an upload."""

    id: UUID
    status: AssetMediaStatus


class AssetBulkUploadCheckResult(Dto):
    """Whether one file is wanted."""

    action: AssetUploadAction
    asset_id: UUID | MISSING = MISSING
    id: str
    is_trashed: bool | MISSING = MISSING
    reason: AssetRejectReason | MISSING = MISSING


class AssetBulkUploadCheckResponseDto(Dto):
    """Which of the files are wanted."""

    results: list[AssetBulkUploadCheckResult]


class AssetMetadataBulkResponseDto(Dto):
    """One stored key and value of one asset."""

    asset_id: UUID
    key: str
    updated_at: Timestamp
    value: dict[str, Any]


class AssetMetadataResponseDto(Dto):
    """One stored key and value."""

    key: str
    updated_at: Timestamp
    value: dict[str, Any]


class AssetFileResponseDto(Dto):
    """A derived file of an asset."""

    created_at: Timestamp
    id: UUID
    is_edited: bool
    is_progressive: bool
    is_transparent: bool
    path: str
    type: AssetFileType
    updated_at: Timestamp
