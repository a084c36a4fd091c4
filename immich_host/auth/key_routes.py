"""Routes about API keys."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from immich_host.auth import store
from immich_host.auth.answers import key_answer, new_key_answer
from immich_host.auth.dto import ApiKeyCreateDto, ApiKeyCreateResponseDto, ApiKeyResponseDto, ApiKeyUpdateDto
from immich_host.auth.tokens import digest, new_token
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import FREE, Caller, Routes
from immich_host.wire.access import refusal
from immich_host.wire.kernel import Kernel

routes = Routes("API keys")

UNNAMED: Final = "API Key"


async def _own(caller: Caller, key_id: UUID, permission: Permission) -> store.Row:
    row = await store.key(caller.user_id, key_id)
    if row is None:
        raise refusal(permission)
    return row


def _may_grant(caller: Caller, permissions: Iterable[str]) -> None:
    """A key gives nobody more than it has itself."""
    mine = caller.permissions
    if mine is not None and Permission.ALL not in mine and not mine.issuperset(permissions):
        raise Refused(400, "Cannot grant permissions you do not have")


@routes.get("/api-keys", permission=Permission.API_KEY_READ, operation_id="getApiKeys")
async def get_api_keys(caller: Caller) -> list[ApiKeyResponseDto]:
    """The own keys, without their secrets."""
    return [key_answer(row) for row in await store.keys_of(caller.user_id)]


@routes.post("/api-keys", permission=Permission.API_KEY_CREATE, status=201, operation_id="createApiKey")
async def create_api_key(host: Kernel, caller: Caller, body: ApiKeyCreateDto) -> ApiKeyCreateResponseDto:
    """A new key; its secret is shown this once."""
    _may_grant(caller, body.permissions)
    secret = new_token()
    name = body.model_dump(by_alias=False).get("name") or UNNAMED
    row = await store.create_key(host.db, caller.user_id, name, digest(secret), body.permissions)
    return new_key_answer(row, secret)


@routes.get("/api-keys/me", permission=FREE, operation_id="getMyApiKey")
async def get_my_api_key(caller: Caller) -> ApiKeyResponseDto:
    """The key that this request came with."""
    if caller.api_key_id is None:
        raise Refused(403, "Not authenticated with API Key")
    return key_answer(await _own(caller, caller.api_key_id, Permission.API_KEY_READ))


@routes.get("/api-keys/{id}", permission=Permission.API_KEY_READ, operation_id="getApiKey")
async def get_api_key(caller: Caller, id: UUID) -> ApiKeyResponseDto:
    """A key, without its secret."""
    return key_answer(await _own(caller, id, Permission.API_KEY_READ))


@routes.put("/api-keys/{id}", permission=Permission.API_KEY_UPDATE, operation_id="updateApiKey", deprecated=True)
async def update_api_key(caller: Caller, id: UUID, body: ApiKeyUpdateDto) -> ApiKeyResponseDto:
    """Rename a key, or change what it may do."""
    await _own(caller, id, Permission.API_KEY_UPDATE)
    columns = body.model_dump(mode="json", by_alias=False)
    _may_grant(caller, columns.get("permissions", ()))
    if columns:
        await store.update_key(id, **columns)
    return key_answer(await _own(caller, id, Permission.API_KEY_UPDATE))


@routes.delete("/api-keys/{id}", permission=Permission.API_KEY_DELETE, operation_id="deleteApiKey")
async def delete_api_key(caller: Caller, id: UUID) -> None:
    """Revoke a key."""
    if not await store.delete_key(caller.user_id, id):
        raise refusal(Permission.API_KEY_DELETE)


@routes.post("/api-keys/{id}/rotate", permission=Permission.API_KEY_ROTATE, status=201, operation_id="rotateApiKey")
async def rotate_api_key(caller: Caller, id: UUID) -> ApiKeyCreateResponseDto:
    """Another secret for a key; the old one is void at once."""
    _may_grant(caller, (await _own(caller, id, Permission.API_KEY_ROTATE))["permissions"])
    secret = new_token()
    await store.update_key(id, key=digest(secret))
    return new_key_answer(await _own(caller, id, Permission.API_KEY_ROTATE), secret)
