"""Sessions and keys as the wire shows them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import MISSING

from immich_host.auth.dto import ApiKeyCreateResponseDto, ApiKeyResponseDto, SessionCreateResponseDto
from immich_host.plugin_api.types import wire_time
from immich_host.wire.dto import SessionResponseDto


def session_answer(row: Mapping[str, Any], current: UUID | None) -> SessionResponseDto:
    """A session; `current` is the id of the caller's own."""
    return SessionResponseDto(**_fields(row, current))


def new_session_answer(row: Mapping[str, Any], current: UUID | None, token: str) -> SessionCreateResponseDto:
    """A session with its token."""
    return SessionCreateResponseDto(**_fields(row, current), token=token)


def _fields(row: Mapping[str, Any], current: UUID | None) -> dict[str, Any]:
    return {
        "app_version": row["app_version"],
        "created_at": wire_time(row["created_at"]),
        "current": row["id"] == current,
        "device_os": row["device_os"],
        "device_type": row["device_type"],
        "expires_at": wire_time(row["expires_at"]) if row["expires_at"] else MISSING,
        "id": row["id"],
        "is_pending_sync_reset": row["is_pending_sync_reset"],
        "updated_at": wire_time(row["updated_at"]),
    }


def key_answer(row: Mapping[str, Any]) -> ApiKeyResponseDto:
    """An API key without its secret."""
    return ApiKeyResponseDto.model_validate(dict(row))


def new_key_answer(row: Mapping[str, Any], secret: str) -> ApiKeyCreateResponseDto:
    """An API key with its secret."""
    key = key_answer(row)
    return ApiKeyCreateResponseDto(api_key=key, secret=secret, **key.model_dump(by_alias=False))
