"""Managing endpoints and reading their log."""

import json
import secrets
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from immich_host.plugin_api import Caller, Host, NotFound, Permission, Refused, Routes
from immich_host.plugin_api.database import Row
from immich_host.plugin_api.dto import Dto, QueryDto
from immich_webhooks import store
from immich_webhooks.settings import Webhooks
from immich_webhooks.targets import Forbidden, check_form, public_address
from immich_webhooks.telling import FACTS, TEST, deliver_to

ROUTES = Routes("Webhooks")
READ, WRITE = Permission.ASSET_READ, Permission.ASSET_UPDATE
MANY = 50

Fact = Literal[
    "asset_created", "asset_described", "asset_viewable", "asset_changed", "asset_trashed", "asset_restored",
    "asset_deleted", "user_created",
]  # fmt: skip


class EndpointDto(Dto):
    """An endpoint; the secret is shown once, when it is made."""

    id: UUID
    url: str
    facts: list[str]
    all_users: bool
    is_enabled: bool
    created_at: datetime
    secret: str | None = None


class EndpointCreateDto(Dto):
    """A new endpoint."""

    url: str = Field(max_length=2000)
    facts: list[Fact] = Field(default_factory=lambda: list[Fact](FACTS), min_length=1)
    all_users: bool = False


class EndpointUpdateDto(Dto):
    """What to change."""

    url: str | None = Field(default=None, max_length=2000)
    facts: list[Fact] | None = Field(default=None, min_length=1)
    is_enabled: bool | None = None
    new_secret: bool = False


class DeliveryDto(Dto):
    """A delivery and how its last try went."""

    id: UUID
    endpoint_id: UUID
    fact: str
    status: str
    attempts: int
    answer_status: int | None
    error: str | None
    milliseconds: int | None
    created_at: datetime
    tried_at: datetime | None
    payload: dict[str, Any]


class LogQueryDto(QueryDto):
    """How much of the log."""

    limit: int = Field(default=50, ge=1, le=500)


class DeliveryIdDto(Dto):
    """A delivery that was asked for."""

    id: UUID


@ROUTES.get("/plugins/webhooks/endpoints", permission=READ, session_only=True, operation_id="getWebhooks")
async def endpoints(caller: Caller, host: Host) -> list[EndpointDto]:
    """The caller's endpoints."""
    return [_endpoint(row) for row in await store.endpoints(host.db, caller.user_id)]


@ROUTES.post(
    "/plugins/webhooks/endpoints", permission=WRITE, session_only=True, status=201, operation_id="createWebhook"
)
async def create(body: EndpointCreateDto, caller: Caller, host: Host) -> EndpointDto:
    """Make an endpoint; the answer holds the secret that requests are signed with."""
    if body.all_users and not caller.is_admin:
        raise Refused(403, "Only administrators can listen to all users")
    await _check(host, caller, body.url)
    secret = secrets.token_urlsafe(32)
    async with host.db.transaction():
        if len(await store.endpoints(host.db, caller.user_id)) >= MANY:
            raise Refused(400, f"There are {MANY} endpoints already")
        row = await store.add(host.db, caller.user_id, body.url, secret, body.facts, all_users=body.all_users)
    return _endpoint(row, secret)


@ROUTES.put("/plugins/webhooks/endpoints/{id}", permission=WRITE, session_only=True, operation_id="updateWebhook")
async def update(id: UUID, body: EndpointUpdateDto, caller: Caller, host: Host) -> EndpointDto:
    """Change an endpoint; a new secret is in the answer and holds at once."""
    if body.url is not None:
        await _check(host, caller, body.url)
    secret = secrets.token_urlsafe(32) if body.new_secret else None
    row = await store.change(
        host.db, caller.user_id, id, url=body.url, facts=body.facts, is_enabled=body.is_enabled, secret=secret
    )
    if row is None:
        raise NotFound("There is no such endpoint")
    return _endpoint(row, secret)


@ROUTES.delete("/plugins/webhooks/endpoints/{id}", permission=WRITE, session_only=True, operation_id="deleteWebhook")
async def delete(id: UUID, caller: Caller, host: Host) -> None:
    """Remove an endpoint and its log."""
    if not await store.remove(host.db, caller.user_id, id):
        raise NotFound("There is no such endpoint")


@ROUTES.post(
    "/plugins/webhooks/endpoints/{id}/test", permission=WRITE, session_only=True, status=202, operation_id="testWebhook"
)
async def test(id: UUID, caller: Caller, host: Host) -> DeliveryIdDto:
    """Send something to an endpoint."""
    if id not in {row["id"] for row in await store.endpoints(host.db, caller.user_id)}:
        raise NotFound("There is no such endpoint")
    async with host.db.transaction():
        return DeliveryIdDto(id=await deliver_to(host, id, TEST, {"ownerId": str(caller.user_id)}))


@ROUTES.get(
    "/plugins/webhooks/endpoints/{id}/deliveries", permission=READ, session_only=True, operation_id="getWebhookLog"
)
async def deliveries(id: UUID, query: LogQueryDto, caller: Caller, host: Host) -> list[DeliveryDto]:
    """The log of an endpoint, the newest first."""
    rows = await store.deliveries(host.db, caller.user_id, id, query.limit)
    return [DeliveryDto(**{**dict(row), "payload": json.loads(row["payload"])}) for row in rows]


@ROUTES.post(
    "/plugins/webhooks/deliveries/{id}/retry", permission=WRITE, session_only=True, status=202,
    operation_id="retryWebhook",
)  # fmt: skip
async def retry(id: UUID, caller: Caller, host: Host) -> DeliveryIdDto:
    """Deliver again, whatever came of it before."""
    async with host.db.transaction():
        if not await store.wait_again(host.db, caller.user_id, id):
            raise NotFound("There is no such delivery")
        await host.jobs.request("webhooks.deliver", cause="manual", delivery_id=id)
    return DeliveryIdDto(id=id)


async def _check(host: Host, caller: Caller, url: str) -> None:
    try:
        check_form(url)
        if not (caller.is_admin or host.settings(Webhooks).private_networks):
            await public_address(url)
    except Forbidden as error:
        raise Refused(400, str(error)) from error
    except OSError as error:
        raise Refused(400, "The host's name cannot be resolved") from error


def _endpoint(row: Row, secret: str | None = None) -> EndpointDto:
    return EndpointDto(**dict(row), secret=secret)
