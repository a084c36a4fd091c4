"""Routes of the tag Albums."""

from uuid import UUID

from immich_albums import albums, contents, members
from immich_albums.answers import album_answer, album_answers
from immich_albums.dto import (
    AddUsersDto,
    AlbumsAddAssetsDto,
    AlbumsAddAssetsResponseDto,
    AlbumStatisticsResponseDto,
    CreateAlbumDto,
    GetAlbumsQuery,
    UpdateAlbumDto,
    UpdateAlbumUserDto,
)
from immich_host.plugin_api import Caller, Host, Permission, Routes
from immich_host.plugin_api.answers import AlbumResponseDto, BulkIdResponseDto, BulkIdsDto

ROUTES = Routes("Albums")


@ROUTES.get("/albums", operation_id="getAllAlbums", permission=Permission.ALBUM_READ)
async def get_albums(caller: Caller, host: Host, query: GetAlbumsQuery) -> list[AlbumResponseDto]:
    """The caller's own albums and those shared with them, the newest first."""
    return await album_answers(host, caller, await albums.find(host, caller, query))


@ROUTES.post("/albums", operation_id="createAlbum", permission=Permission.ALBUM_CREATE, status=201)
async def create_album(caller: Caller, host: Host, body: CreateAlbumDto) -> AlbumResponseDto:
    """Make an album."""
    return await album_answer(host, caller, await albums.create(host, caller, body))


@ROUTES.get("/albums/statistics", operation_id="getAlbumStatistics", permission=Permission.ALBUM_STATISTICS)
async def get_statistics(caller: Caller, host: Host) -> AlbumStatisticsResponseDto:
    """How many albums there are."""
    owned, shared, not_shared = await albums.counts(host, caller)
    return AlbumStatisticsResponseDto(owned=owned, shared=shared, not_shared=not_shared)


@ROUTES.put("/albums/assets", operation_id="addAssetsToAlbums", permission=Permission.ALBUM_ASSET_CREATE)
async def add_to_many(caller: Caller, host: Host, body: AlbumsAddAssetsDto) -> AlbumsAddAssetsResponseDto:
    """Put assets into several albums."""
    error = await contents.add_to_many(host, caller, body.album_ids, body.asset_ids)
    if error is None:
        return AlbumsAddAssetsResponseDto(success=True)
    return AlbumsAddAssetsResponseDto(success=False, error=error)


@ROUTES.get("/albums/{id}", operation_id="getAlbumInfo", permission=Permission.ALBUM_READ, shared_link=True)
async def get_album(caller: Caller, host: Host, id: UUID) -> AlbumResponseDto:
    """One album, without its assets."""
    return await album_answer(host, caller, id)


@ROUTES.patch("/albums/{id}", operation_id="updateAlbumInfo", permission=Permission.ALBUM_UPDATE)
async def update_album(caller: Caller, host: Host, id: UUID, body: UpdateAlbumDto) -> AlbumResponseDto:
    """Change an album."""
    await albums.change(host, caller, id, body)
    return await album_answer(host, caller, id)


@ROUTES.delete("/albums/{id}", operation_id="deleteAlbum", permission=Permission.ALBUM_DELETE)
async def delete_album(caller: Caller, host: Host, id: UUID) -> None:
    """Delete an album; its assets stay."""
    await albums.delete(host, caller, id)


@ROUTES.put("/albums/{id}/assets", operation_id="addAssetsToAlbum", permission=Permission.ALBUM_ASSET_CREATE)
async def add_assets(caller: Caller, host: Host, id: UUID, body: BulkIdsDto) -> list[BulkIdResponseDto]:
    """Put assets into an album."""
    return await contents.add_assets(host, caller, id, body.ids)


@ROUTES.delete("/albums/{id}/assets", operation_id="removeAssetFromAlbum", permission=Permission.ALBUM_ASSET_DELETE)
async def remove_assets(caller: Caller, host: Host, id: UUID, body: BulkIdsDto) -> list[BulkIdResponseDto]:
    """Take assets out of an album."""
    return await contents.remove_assets(host, caller, id, body.ids)


@ROUTES.put("/albums/{id}/users", operation_id="addUsersToAlbum", permission=Permission.ALBUM_USER_CREATE)
async def add_users(caller: Caller, host: Host, id: UUID, body: AddUsersDto) -> AlbumResponseDto:
    """Share an album with users."""
    await members.share(host, caller, id, body)
    return await album_answer(host, caller, id)


@ROUTES.put(
    "/albums/{id}/user/{userId}",
    operation_id="updateAlbumUser",
    permission=Permission.ALBUM_USER_UPDATE,
    status=204,
)
async def update_user(caller: Caller, host: Host, id: UUID, userId: str, body: UpdateAlbumUserDto) -> None:  # noqa: N803 - as in the path
    """Change what a member may do."""
    await members.set_role(host, caller, id, userId, body.role)


@ROUTES.delete(
    "/albums/{id}/user/{userId}", operation_id="removeUserFromAlbum", permission=Permission.ALBUM_USER_DELETE
)
async def remove_user(caller: Caller, host: Host, id: UUID, userId: str) -> None:  # noqa: N803 - as in the path
    """Take a member out of an album, or leave it (`me`)."""
    await members.remove(host, caller, id, userId)
