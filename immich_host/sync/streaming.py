"""`POST /sync/stream`: which streams answer, in which order, and how an answer begins and ends."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from immich_host.db.database import Database
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.sync import SyncStream
from immich_host.sync import store
from immich_host.sync.acks import RESET, Ack
from immich_host.sync.reading import Reading, line, reading, together
from immich_host.sync.types import RETIRED, SyncEntityType, SyncRequestType

KEPT_DAYS: Final = 31
"""How long it is known what was deleted."""

_AWAY = timedelta(days=KEPT_DAYS - 1)
"""A client that has been away longer may have missed deletions: it has to begin anew."""

_PIECE = 64 * 1024


def check(types: Iterable[SyncRequestType]) -> None:
    """Refuse what is not answered any more, before the first byte is sent.

    Raises:
        Refused: 400 - a type of older clients.
    """
    for each in types:
        if each in RETIRED:
            raise Refused(400, f"{each} is not supported any more, ask for {each[:-1]}2")


async def answer(
    db: Database, streams: Sequence[SyncStream], user_id: UUID, session_id: UUID, types: Sequence[SyncRequestType]
) -> AsyncGenerator[bytes]:
    """The lines of one answer, in pieces; ends with `SyncCompleteV1`, or is a single `SyncResetV1`."""
    acks = await store.checkpoints(db, session_id)
    if await store.is_reset_pending(db, session_id) or _is_too_old(acks):
        yield line(SyncEntityType.SYNC_RESET_V1, {}, RESET)
        return
    wanted = set(types)
    chosen = [stream for stream in in_order(streams) if stream.request in wanted]
    async with reading(db, user_id, session_id, acks) as state:
        for stream in chosen:
            async with aclosing(together(_lines(stream, state), _PIECE)) as pieces:
                async for piece in pieces:
                    yield piece
        yield line(SyncEntityType.SYNC_COMPLETE_V1, {}, Ack(SyncEntityType.SYNC_COMPLETE_V1, state.until).text)


async def _lines(stream: SyncStream, state: Reading) -> AsyncGenerator[bytes]:
    sources = [stream.run(state)] if stream.run is not None else [state.rows(rows) for rows in stream.rows]
    for source in sources:
        async with aclosing(source) as each:
            async for piece in each:
                yield piece


def in_order(streams: Iterable[SyncStream]) -> list[SyncStream]:
    """In the protocol's order; those of request types that no client knows are left out."""
    places = {str(request): place for place, request in enumerate(SyncRequestType)}
    return sorted((each for each in streams if each.request in places), key=lambda each: places[each.request])


def _is_too_old(acks: dict[str, str]) -> bool:
    complete = acks.get(SyncEntityType.SYNC_COMPLETE_V1)
    return complete is not None and Ack.read(complete).moment < datetime.now(UTC) - _AWAY
