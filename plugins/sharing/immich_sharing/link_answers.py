"""Links as their owners and those who come by them see them: sent while they are read, since some show thousands."""

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import batched
from uuid import UUID

import orjson

from immich_albums.api import album_answers, allowed_albums
from immich_host.plugin_api import Caller, Host, Permission
from immich_host.plugin_api.answers import AlbumResponseDto
from immich_host.plugin_api.database import Row
from immich_host.plugin_api.web import ByteStream, json_list
from immich_sharing import link_store
from immich_sharing.link_dto import SharedLinkResponseDto, SharedLinkType
from immich_sharing.link_proofs import key_text

LISTED = 100
"""Assets of a link that the list of links holds; the link itself has them all."""

_LINKS = 50
"""Links of a list that are read at a time."""

_ASSETS = 500
"""Assets of a link that are read at a time."""

_JSON = "application/json; charset=utf-8"


async def link_answer(host: Host, caller: Caller, row: Row) -> ByteStream:
    """A link as JSON, with all assets that it shows."""
    ids = (await _shown(host, [row], None)).get(row["id"], [])
    pages = batched(ids, _ASSETS, strict=False)
    head = orjson.dumps(_described(row, caller, await _albums(host, caller, [row])))
    # the first page is read before anything is sent, so that what fails is told by the status
    first = await _assets(host, caller, next(pages, ()))
    return ByteStream(_one(host, caller, head, first, pages), content_type=_JSON)


async def _one(
    host: Host, caller: Caller, head: bytes, first: Sequence[str], pages: Iterator[tuple[UUID, ...]]
) -> AsyncIterator[bytes]:
    yield head.removesuffix(b"}") + b',"assets":[' + ",".join(first).encode()
    is_empty = not first
    for page in pages:
        found = await _assets(host, caller, page)
        if found:
            yield (b"" if is_empty else b",") + ",".join(found).encode()
            is_empty = False
    yield b"]}"


async def link_answers(host: Host, caller: Caller, rows: Sequence[Row]) -> ByteStream:
    """A list of links as JSON, each with the first assets that it shows."""
    return await json_list(await _some(host, caller, page) for page in batched(rows, _LINKS, strict=False))


async def _some(host: Host, caller: Caller, rows: Sequence[Row]) -> list[bytes]:
    shown = await _shown(host, rows, LISTED)
    ids = sorted({each for ids in shown.values() for each in ids})
    assets = {}
    for page in batched(ids, _ASSETS, strict=False):
        assets |= await host.assets.answers_json(caller, page)
    albums = await _albums(host, caller, rows)
    return [
        orjson.dumps(
            _described(row, caller, albums)
            | {"assets": [orjson.Fragment(assets[each]) for each in shown.get(row["id"], ()) if each in assets]}
        )
        for row in rows
    ]


async def _shown(host: Host, rows: Sequence[Row], most: int | None) -> dict[UUID, list[UUID]]:
    return await link_store.shown(host.db, [row["id"] for row in rows if row["album_id"] is None], most)


async def _assets(host: Host, caller: Caller, asset_ids: Sequence[UUID]) -> list[str]:
    return list((await host.assets.answers_json(caller, asset_ids)).values()) if asset_ids else []


async def _albums(host: Host, caller: Caller, rows: Sequence[Row]) -> dict[UUID, AlbumResponseDto]:
    """The albums of links; whoever has made a link and been taken out of its album since is told nothing of that."""
    ids = {row["album_id"] for row in rows if row["album_id"] is not None}
    may = await allowed_albums(host, caller, Permission.ALBUM_READ, ids) if ids else ids
    return {album.id: album for album in await album_answers(host, caller, sorted(may))} if may else {}


def _described(row: Row, caller: Caller, albums: dict[UUID, AlbumResponseDto]) -> dict[str, object]:
    """What there is to say of a link, but for its assets."""
    answer = SharedLinkResponseDto(
        allow_download=row["allow_download"],
        allow_upload=row["allow_upload"],
        assets=[],
        created_at=row["created_at"],
        description=row["description"],
        expires_at=row["expires_at"],
        id=row["id"],
        key=key_text(row["key"]),
        password=row["password"] if caller.shared_link is None else None,
        show_metadata=row["show_exif"],
        slug=row["slug"],
        type=SharedLinkType(row["type"]),
        user_id=row["user_id"],
    )
    if row["album_id"] in albums:
        answer.album = albums[row["album_id"]]
    return answer.model_dump(mode="json", by_alias=True, exclude={"assets"})
