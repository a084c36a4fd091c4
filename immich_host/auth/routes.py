"""Routes for signing in and out, and for the account's secrets."""

from typing import Final
from uuid import UUID

from quart import Request, Response

from immich_host.auth import cookies, ending, pin, store
from immich_host.auth.devices import device_of
from immich_host.auth.dto import (
    AuthStatusResponseDto,
    ChangePasswordDto,
    LoginCredentialDto,
    LoginResponseDto,
    LogoutResponseDto,
    PinCodeChangeDto,
    PinCodeResetDto,
    PinCodeSetupDto,
    SessionUnlockDto,
    SignUpDto,
    ValidateAccessTokenResponseDto,
)
from immich_host.auth.tokens import digest, new_token
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.types import wire_time
from immich_host.plugin_api.web import FREE, Caller, Routes
from immich_host.settings.store import PasswordLoginSection
from immich_host.users import store as users
from immich_host.wire.answers import json_response
from immich_host.wire.dto import UserAdminResponseDto
from immich_host.wire.gate import headers_of
from immich_host.wire.kernel import Kernel

routes = Routes("Authentication")

WRONG: Final = "Incorrect email or password"
SESSION_ONLY: Final = "This needs a signed-in session"
SIGN_IN_PAGE: Final = "/auth/login?autoLaunch=0"


def own_session(caller: Caller) -> UUID:
    """The caller's session.

    Raises:
        Refused: 400 for callers without one.
    """
    if caller.session_id is None:
        raise Refused(400, SESSION_ONLY)
    return caller.session_id


async def start_session(host: Kernel, row: users.UserRow, request: Request, auth_type: cookies.AuthType) -> Response:
    """Sign a user in who has proved who they are: the answer with the token and the cookies."""
    token = new_token()
    await store.create_session(host.db, row.id, digest(token), device_of(headers_of(request.scope)))
    answer = LoginResponseDto(
        access_token=token,
        user_id=row.id,
        user_email=row.email,
        name=row.name,
        is_admin=row.is_admin,
        is_onboarded=await users.is_onboarded(host.db, row.id),
        profile_image_path=users.profile_path(row, host.paths),
        should_change_password=row.should_change_password,
    )
    response = json_response(answer, 201)
    cookies.sign_in(response, request, token, auth_type)
    return response


@routes.post("/auth/login", public=True, status=201, operation_id="login", answers=LoginResponseDto)
async def login(host: Kernel, request: Request, body: LoginCredentialDto) -> Response:
    """Sign in by e-mail and password."""
    if not host.settings(PasswordLoginSection).enabled:
        raise Refused(401, "Password login has been disabled")
    row = await users.find_by_email(host.db, body.email)
    if not await users.matches(body.password, row.password if row else None) or row is None:
        raise Refused(401, WRONG)
    return await start_session(host, row, request, "password")


@routes.post("/auth/admin-sign-up", public=True, status=201, operation_id="signUpAdmin")
async def sign_up_admin(host: Kernel, body: SignUpDto) -> UserAdminResponseDto:
    """Make the first administrator; only while there is none."""
    if not body.password:
        raise Refused(400, "A password is required")
    if await users.other_admin_exists(host.db):
        raise Refused(400, "The server already has an admin")
    password = await users.hash_secret(body.password)
    async with users.administrators(host.db):
        if await users.other_admin_exists(host.db):
            raise Refused(400, "The server already has an admin")
        row = await users.create(
            host.db,
            email=body.email,
            name=body.name,
            password=password,
            is_admin=True,
            should_change_password=False,
            storage_label="admin",
        )
        await host.publish("user_created", user_id=row.id, notify=False)
    return users.admin_answer(row, host.paths)


@routes.post("/auth/logout", permission=FREE, operation_id="logout", answers=LogoutResponseDto)
async def logout(host: Kernel, caller: Caller) -> Response:
    """End this session."""
    if caller.session_id is not None:
        await store.delete_session(caller.user_id, caller.session_id)
        ending.tell_soon(host.push, caller.session_id)
    response = json_response(LogoutResponseDto(successful=True, redirect_uri=SIGN_IN_PAGE))
    cookies.sign_out(response)
    return response


@routes.post("/auth/validateToken", permission=FREE, operation_id="validateAccessToken")
async def validate_access_token() -> ValidateAccessTokenResponseDto:
    """Say that the credentials are good."""
    return ValidateAccessTokenResponseDto(auth_status=True)


@routes.get("/auth/status", permission=FREE, operation_id="getAuthStatus")
async def get_auth_status(host: Kernel, caller: Caller) -> AuthStatusResponseDto:
    """Which secrets the account has, and how long the session lasts."""
    account = await users.find(host.db, caller.user_id)
    session = await store.session(caller.user_id, caller.session_id) if caller.session_id else None
    times = {name: wire_time(session[name]) for name in ("expires_at", "pin_expires_at") if session and session[name]}
    return AuthStatusResponseDto(
        password=bool(account and account.password),
        pin_code=bool(account and account.pin_code),
        is_elevated=caller.elevated,
        **times,
    )


@routes.post("/auth/change-password", permission=Permission.AUTH_CHANGE_PASSWORD, status=200,
             operation_id="changePassword")  # fmt: skip
async def change_password(host: Kernel, caller: Caller, body: ChangePasswordDto) -> UserAdminResponseDto:
    """Change the own password; on wish all other sessions end."""
    row = await users.find(host.db, caller.user_id)
    if row is None or not await users.matches(body.password, row.password):
        raise Refused(400, "Wrong password")
    password = await users.hash_secret(body.new_password)
    async with host.db.transaction():
        row = await users.update(host.db, row.id, password=password, should_change_password=False)
        if body.invalidate_sessions:
            await store.delete_sessions(host.db, row.id, but=caller.session_id)
    users.changed(row.id)
    return users.admin_answer(row, host.paths)


@routes.post("/auth/pin-code", permission=Permission.PIN_CODE_CREATE, operation_id="setupPinCode")
async def setup_pin_code(host: Kernel, caller: Caller, body: PinCodeSetupDto) -> None:
    """Set the first PIN."""
    await pin.set_up(host.db, caller.user_id, body.pin_code)


@routes.put("/auth/pin-code", permission=Permission.PIN_CODE_UPDATE, operation_id="changePinCode")
async def change_pin_code(host: Kernel, caller: Caller, body: PinCodeChangeDto) -> None:
    """Change the PIN."""
    await pin.change(host.db, caller.user_id, body.new_pin_code, pin=body.pin_code, password=body.password)


@routes.delete("/auth/pin-code", permission=Permission.PIN_CODE_DELETE, operation_id="resetPinCode")
async def reset_pin_code(host: Kernel, caller: Caller, body: PinCodeResetDto) -> None:
    """Remove the PIN; all sessions are locked."""
    await pin.remove(host.db, caller.user_id, pin=body.pin_code, password=body.password)
    users.changed(caller.user_id)


@routes.post("/auth/session/unlock", permission=FREE, operation_id="unlockAuthSession")
async def unlock_auth_session(host: Kernel, caller: Caller, body: SessionUnlockDto) -> None:
    """Unlock this session for a while."""
    await pin.unlock(host.db, caller.user_id, own_session(caller), pin=body.pin_code, password=body.password)


@routes.post("/auth/session/lock", permission=FREE, operation_id="lockAuthSession")
async def lock_auth_session(caller: Caller) -> None:
    """Lock this session."""
    await store.update_session(own_session(caller), pin_expires_at=None)
