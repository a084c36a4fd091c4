"""The four routes of live streams."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID
from weakref import WeakKeyDictionary

from pydantic import Field, StringConstraints

from immich_host.plugin_api import Caller, Host, NotFound, Permission, Refused, Routes
from immich_host.plugin_api.web import ByteStream
from immich_transcode import hls_store
from immich_transcode.hls_files import segment_number
from immich_transcode.hls_playlists import INIT, TYPE, credentials, main_playlist, media_playlist
from immich_transcode.hls_streams import Streams
from immich_transcode.settings import FFmpegSettings

ROUTES = Routes("Assets")

STREAMS: WeakKeyDictionary[Host, Streams] = WeakKeyDictionary()
"""This process's live streams, while the plugin is on."""

POSITION = "x-immich-hls-pos"
NEXT = "x-immich-hls-msn"

type Index = Annotated[int, Field(ge=0, le=2**53 - 1)]
type FileName = Annotated[str, StringConstraints(pattern=r"^(init\.mp4|seg_\d+\.m4s)$")]

_LARGEST_INDEX = 2**15 - 1
_CHUNK = 1 << 18
_BASE = "/assets/{id}/video/stream"


@ROUTES.get(
    f"{_BASE}/main.m3u8",
    permission=Permission.ASSET_VIEW,
    shared_link=True,
    operation_id="getMainPlaylist",
    answer_type=TYPE,
)
async def main(caller: Caller, host: Host, request: Any, id: UUID) -> ByteStream:
    """Begin to stream a video: the variants to choose from."""
    await host.access.require_assets(caller, Permission.ASSET_VIEW, [id])
    if not host.settings(FFmpegSettings).realtime.enabled:
        raise Refused(400, "Live streaming is not enabled")
    session_id, film, variants = await _streams(host).open(id)
    return _text(main_playlist(session_id, variants, film.source, film.grid, _ending(request)))


@ROUTES.delete(f"{_BASE}/{{sessionId}}", permission=Permission.ASSET_VIEW, shared_link=True, operation_id="endSession")
async def end(caller: Caller, host: Host, id: UUID, sessionId: UUID) -> None:  # noqa: N803 - name in the path
    """End a session and remove its files; also good when it is over."""
    await host.access.require_assets(caller, Permission.ASSET_VIEW, [id])
    await _streams(host).keeping.remove(await hls_store.end(host.db, sessionId, id))


@ROUTES.get(
    f"{_BASE}/{{sessionId}}/{{variantIndex}}/playlist.m3u8",
    permission=Permission.ASSET_VIEW,
    shared_link=True,
    operation_id="getMediaPlaylist",
    answer_type=TYPE,
    headers={POSITION: float},
)
async def playlist(
    caller: Caller,
    host: Host,
    request: Any,
    id: UUID,
    sessionId: UUID,  # noqa: N803 - name in the path
    variantIndex: Index,  # noqa: N803
) -> ByteStream:
    """All segments of a variant, whether they are made or not; with a position, making them begins there."""
    await host.access.require_assets(caller, Permission.ASSET_VIEW, [id])
    streams = _streams(host)
    position = _number(request, POSITION)
    film = await streams.film(id)
    wanted = None if position is None else film.grid.at(position)
    row = await streams.ask(sessionId, id, min(variantIndex, _LARGEST_INDEX), wanted)
    if wanted is not None:
        await streams.encode(film, row, wanted)
    return _text(media_playlist(film.grid, _ending(request)))


@ROUTES.get(
    f"{_BASE}/{{sessionId}}/{{variantIndex}}/{{filename}}",
    permission=Permission.ASSET_VIEW,
    shared_link=True,
    operation_id="getSegment",
    answer_type="application/octet-stream",
    headers={NEXT: int},
)
async def segment(
    caller: Caller,
    host: Host,
    request: Any,
    id: UUID,
    sessionId: UUID,  # noqa: N803 - name in the path
    variantIndex: Index,  # noqa: N803
    filename: FileName,
) -> ByteStream:
    """The head of a variant's segments, or one of them; waits until it is made."""
    await host.access.require_assets(caller, Permission.ASSET_VIEW, [id])
    streams = _streams(host)
    following = _number(request, NEXT)
    film = await streams.film(id)
    number = segment_number(filename)
    if number is None and filename != INIT:
        raise NotFound  # a number of so many digits
    row = await streams.ask(sessionId, id, min(variantIndex, _LARGEST_INDEX), number)
    if number is not None:
        return _film(await streams.segment(film, row, number))
    return _film(await streams.head(film, row, None if following is None else int(following)))


def _streams(host: Host) -> Streams:
    found = STREAMS.get(host)
    if found is None:  # being switched off
        raise NotFound
    return found


def _number(request: Any, name: str) -> float | None:
    text = request.headers.get(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 2**53:
        raise Refused(400, f"{name} must be a number from 0 up")
    return value


def _ending(request: Any) -> str:
    return credentials(request.query_string.decode("latin-1"))


def _text(text: str) -> ByteStream:
    return _bytes(text.encode(), TYPE, "no-store")


def _film(content: bytes) -> ByteStream:
    return _bytes(content, "video/mp4", "private, max-age=3600")


def _bytes(content: bytes, content_type: str, cache: str) -> ByteStream:
    headers = {"Content-Length": str(len(content)), "Cache-Control": cache, "X-Content-Type-Options": "nosniff"}
    return ByteStream(_pieces(content), content_type, headers)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), _CHUNK):
        yield content[start : start + _CHUNK]
