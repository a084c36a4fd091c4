"""Tag `Shared links`: links to albums and to single assets, for people without an account."""

from dataclasses import replace
from uuid import UUID

from quart import Request

from immich_host.plugin_api import Caller, Host, Permission, Refused, Routes
from immich_host.plugin_api.database import Row
from immich_host.plugin_api.web import FREE, Answer, ByteStream, is_https
from immich_sharing import link_store, links
from immich_sharing.link_answers import link_answer, link_answers
from immich_sharing.link_dto import (
    AssetIdsDto,
    AssetIdsResponseDto,
    SharedLinkCreateDto,
    SharedLinkEditDto,
    SharedLinkLoginDto,
    SharedLinkResponseDto,
    SharedLinksQuery,
)
from immich_sharing.link_proofs import COOKIE, cookie, is_password, proof

ROUTES = Routes("Shared links")


@ROUTES.get(
    "/shared-links",
    permission=Permission.SHARED_LINK_READ,
    operation_id="getAllSharedLinks",
    answers=list[SharedLinkResponseDto],
)
async def get_links(caller: Caller, host: Host, query: SharedLinksQuery) -> ByteStream:
    """The caller's links, the latest first; of each the first assets."""
    rows = await link_store.of_user(host.db, caller.user_id, album_id=query.album_id, link_id=query.id)
    return await link_answers(host, caller, rows)


@ROUTES.post(
    "/shared-links",
    permission=Permission.SHARED_LINK_CREATE,
    operation_id="createSharedLink",
    status=201,
    answers=SharedLinkResponseDto,
)
async def create_link(caller: Caller, host: Host, body: SharedLinkCreateDto) -> ByteStream:
    """Make a link."""
    return await link_answer(host, caller, await links.create(host, caller, body))


@ROUTES.post(
    "/shared-links/login",
    permission=FREE,
    operation_id="sharedLinkLogin",
    status=201,
    shared_link=True,
    before_password=True,
    answers=SharedLinkResponseDto,
)
async def log_in(caller: Caller, host: Host, request: Request, body: SharedLinkLoginDto) -> Answer[ByteStream]:
    """Give a link's password: the browser keeps a proof of it for a day."""
    viewer, row = await _by_link(caller, host)
    if row["password"] is None:
        raise Refused(400, "Shared link is not password protected")
    if not is_password(body.password, row["password"]):
        raise Refused(401, "Invalid password")
    proofs = [part for part in request.cookies.get(COOKIE, "").split(",") if part]
    kept = cookie([*proofs, proof(row["id"], row["password"])], secure=is_https(request))
    return Answer(await link_answer(host, viewer, row), headers={"Set-Cookie": kept})


@ROUTES.get(
    "/shared-links/me",
    permission=FREE,
    operation_id="getMySharedLink",
    shared_link=True,
    answers=SharedLinkResponseDto,
)
async def get_own_link(caller: Caller, host: Host) -> ByteStream:
    """The link by which the caller comes."""
    viewer, row = await _by_link(caller, host)
    return await link_answer(host, viewer, row)


async def _by_link(caller: Caller, host: Host) -> tuple[Caller, Row]:
    """Who has come by a link, as one who may see it, and the link."""
    if caller.shared_link is None:
        raise Refused(403, "Forbidden")
    row = await link_store.one(host.db, caller.user_id, caller.shared_link.id)
    if row is None:
        raise Refused(400, links.NOT_FOUND)
    return replace(caller, shared_link=replace(caller.shared_link, wants_password=False)), row


@ROUTES.get(
    "/shared-links/{id}",
    permission=Permission.SHARED_LINK_READ,
    operation_id="getSharedLinkById",
    answers=SharedLinkResponseDto,
)
async def get_link(caller: Caller, host: Host, id: UUID) -> ByteStream:
    """One of the caller's links."""
    return await link_answer(host, caller, await links.owned(host, caller, id))


@ROUTES.patch(
    "/shared-links/{id}",
    permission=Permission.SHARED_LINK_UPDATE,
    operation_id="updateSharedLink",
    answers=SharedLinkResponseDto,
)
async def update_link(caller: Caller, host: Host, id: UUID, body: SharedLinkEditDto) -> ByteStream:
    """Change a link; with another password, those who gave the old one are asked again."""
    return await link_answer(host, caller, await links.change(host, caller, id, body))


@ROUTES.delete("/shared-links/{id}", permission=Permission.SHARED_LINK_DELETE, operation_id="removeSharedLink")
async def remove_link(caller: Caller, host: Host, id: UUID) -> None:
    """Delete a link; what it showed stays."""
    await links.remove(host, caller, id)


@ROUTES.put("/shared-links/{id}/assets", permission=Permission.SHARED_LINK_UPDATE, operation_id="addSharedLinkAssets")
async def add_assets(caller: Caller, host: Host, id: UUID, body: AssetIdsDto) -> list[AssetIdsResponseDto]:
    """Show more assets by a link to single ones; says for each how it went."""
    return await links.add(host, caller, id, body.asset_ids)


@ROUTES.delete(
    "/shared-links/{id}/assets", permission=Permission.SHARED_LINK_UPDATE, operation_id="removeSharedLinkAssets"
)
async def remove_assets(caller: Caller, host: Host, id: UUID, body: AssetIdsDto) -> list[AssetIdsResponseDto]:
    """Show assets no more by a link to single ones; says for each how it went."""
    return await links.take_out(host, caller, id, body.asset_ids)
