"""Wire models of sign-in, sessions and API keys."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.types import Email, PinCode, Timestamp


class SignUpDto(Dto):
    """The first administrator."""

    email: Email
    name: str
    password: str


class ChangePasswordDto(Dto):
    """A new password, with the old one."""

    invalidate_sessions: bool = False
    new_password: Annotated[str, Field(min_length=8)]
    password: str


class LoginCredentialDto(Dto):
    """E-mail and password."""

    email: Email
    password: str


class LoginResponseDto(Dto):
    """The new session and whose it is."""

    access_token: str
    is_admin: bool
    is_onboarded: bool
    name: str
    profile_image_path: str
    should_change_password: bool
    user_email: Email
    user_id: UUID


class LogoutResponseDto(Dto):
    """Where to go after signing out."""

    redirect_uri: str
    successful: bool


class PinCodeResetDto(Dto):
    """Proof for removing the PIN."""

    password: str | MISSING = MISSING
    pin_code: PinCode | MISSING = MISSING


class PinCodeSetupDto(Dto):
    """The first PIN."""

    pin_code: PinCode


class PinCodeChangeDto(Dto):
    """A new PIN, with proof."""

    new_pin_code: PinCode
    password: str | MISSING = MISSING
    pin_code: PinCode | MISSING = MISSING


class SessionUnlockDto(Dto):
    """Proof for unlocking the session."""

    password: str | MISSING = MISSING
    pin_code: PinCode | MISSING = MISSING


class AuthStatusResponseDto(Dto):
    """State of the session and of the account secrets."""

    expires_at: str | MISSING = MISSING
    is_elevated: bool
    password: bool
    pin_code: bool
    pin_expires_at: str | MISSING = MISSING


class ValidateAccessTokenResponseDto(Dto):
    """The credential is good."""

    auth_status: bool


class SessionCreateDto(Dto):
    """A child session; duration in seconds."""

    device_os: Annotated[str | MISSING, Field(validation_alias="deviceOS", serialization_alias="deviceOS")] = MISSING
    device_type: str | MISSING = MISSING
    duration: Annotated[int, Field(ge=1)] | MISSING = MISSING


class SessionCreateResponseDto(Dto):
    """A new session with its token."""

    app_version: str | None
    created_at: str
    current: bool
    device_os: Annotated[str, Field(validation_alias="deviceOS", serialization_alias="deviceOS")]
    device_type: str
    expires_at: str | MISSING = MISSING
    id: UUID
    is_pending_sync_reset: bool
    token: str
    updated_at: str


class SessionUpdateDto(Dto):
    """Changes to a session."""

    is_pending_sync_reset: bool | MISSING = MISSING


class ApiKeyResponseDto(Dto):
    """An API key without its secret."""

    created_at: Timestamp
    id: UUID
    name: str
    permissions: list[Permission]
    updated_at: Timestamp


class ApiKeyCreateDto(Dto):
    """An API key to be made."""

    name: str | MISSING = MISSING
    permissions: Annotated[list[Permission], Field(min_length=1)]


class ApiKeyCreateResponseDto(Dto):
    """A new API key; the only time the secret is shown."""

    api_key: ApiKeyResponseDto
    created_at: Timestamp
    id: UUID
    name: str
    permissions: list[Permission]
    secret: str
    updated_at: Timestamp


class ApiKeyUpdateDto(Dto):
    """Changes to an API key."""

    name: str | MISSING = MISSING
    permissions: Annotated[list[Permission], Field(min_length=1)] | MISSING = MISSING
