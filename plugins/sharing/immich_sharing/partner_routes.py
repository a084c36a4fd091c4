"""Tag `Partners`: with whom one shares the whole timeline, and who does so with oneself."""

from uuid import UUID

from immich_host.plugin_api import Caller, Host, Permission, Refused, Routes
from immich_sharing import partner_store
from immich_sharing.partner_dto import (
    PartnerCreateDto,
    PartnerDirection,
    PartnerResponseDto,
    PartnersQuery,
    PartnerUpdateDto,
)

ROUTES = Routes("Partners")


@ROUTES.get("/partners", permission=Permission.PARTNER_READ, operation_id="getPartners")
async def get_partners(caller: Caller, host: Host, query: PartnersQuery) -> list[PartnerResponseDto]:
    """The caller's partners, in the order in which they became so."""
    if query.direction is PartnerDirection.SHARED_BY:
        return await _answers(host, await partner_store.with_whom(host.db, caller.user_id))
    return await _answers(host, await partner_store.by_whom(host.db, caller.user_id))


@ROUTES.post("/partners", permission=Permission.PARTNER_CREATE, operation_id="createPartner", status=201)
async def create_partner(caller: Caller, host: Host, body: PartnerCreateDto) -> PartnerResponseDto:
    """Share the caller's timeline with somebody."""
    return await _create(caller, host, body.shared_with_id)


@ROUTES.post(
    "/partners/{id}",
    permission=Permission.PARTNER_CREATE,
    operation_id="createPartnerDeprecated",
    status=201,
    deprecated=True,
)
async def create_partner_by_path(caller: Caller, host: Host, id: UUID) -> PartnerResponseDto:
    """Share the caller's timeline with somebody."""
    return await _create(caller, host, id)


@ROUTES.put("/partners/{id}", permission=Permission.PARTNER_UPDATE, operation_id="updatePartner")
async def update_partner(caller: Caller, host: Host, id: UUID, body: PartnerUpdateDto) -> PartnerResponseDto:
    """Show what somebody shares in the caller's own timeline, or not."""
    if not await partner_store.set_in_timeline(host.db, id, caller.user_id, value=body.in_timeline):
        raise Refused(400, f"Not found or no {Permission.PARTNER_UPDATE.value} access")
    return await _answer(host, id, in_timeline=body.in_timeline)


@ROUTES.delete("/partners/{id}", permission=Permission.PARTNER_DELETE, operation_id="removePartner")
async def remove_partner(caller: Caller, host: Host, id: UUID) -> None:
    """Stop sharing the caller's timeline with somebody."""
    if not await partner_store.remove(host.db, caller.user_id, id):
        raise Refused(400, "Partner not found")


async def _create(caller: Caller, host: Host, user_id: UUID) -> PartnerResponseDto:
    if user_id == caller.user_id:
        raise Refused(400, "You cannot be your own partner")
    async with host.db.transaction():
        if not await partner_store.are_there(host.db, [caller.user_id, user_id]):
            raise Refused(400, "User not found")
        if not await partner_store.add(host.db, caller.user_id, user_id):
            raise Refused(400, "Partner already exists")
    return await _answer(host, user_id, in_timeline=False)


async def _answer(host: Host, user_id: UUID, *, in_timeline: bool) -> PartnerResponseDto:
    found = await _answers(host, [(user_id, in_timeline)])
    if not found:  # erased in between
        raise Refused(400, "User not found")
    return found[0]


async def _answers(host: Host, partners: list[tuple[UUID, bool]]) -> list[PartnerResponseDto]:
    shown = dict(partners)
    users = await host.users.answers(list(shown))
    return [PartnerResponseDto(**dict(user), in_timeline=shown[user.id]) for user in users]
