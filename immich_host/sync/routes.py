"""Routes of the mobile app's copy of a library."""

from uuid import UUID

from pydantic import MISSING

from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.sync import SyncStream
from immich_host.plugin_api.web import ByteStream, Caller, Routes
from immich_host.sync import store
from immich_host.sync.acks import RESET, Ack
from immich_host.sync.dto import SyncAckDeleteDto, SyncAckDto, SyncAckSetDto, SyncStreamDto
from immich_host.sync.feeding import Places
from immich_host.sync.streaming import answer, check
from immich_host.sync.streams import STREAMS
from immich_host.sync.types import SyncEntityType
from immich_host.wire.kernel import Kernel

_LINES = "application/jsonlines+json"
routes = Routes("Sync")

PLACES = Places()

_NO_KEYS = "Sync endpoints cannot be used with API keys"


def _session(caller: Caller) -> UUID:
    if caller.session_id is None:
        raise Refused(403, _NO_KEYS)
    return caller.session_id


def _streams(host: Kernel) -> list[SyncStream]:
    """The host's, and those of plugins that are on."""
    return [*STREAMS, *(stream for record in host.hosting.order if record.is_enabled for stream in record.brings.sync)]


@routes.post("/sync/stream", operation_id="getSyncStream", permission=Permission.SYNC_STREAM, answer_type=_LINES)
async def stream(caller: Caller, host: Kernel, body: SyncStreamDto) -> ByteStream:
    """All that has changed since the session's last confirmations, as lines of JSON."""
    session_id = _session(caller)
    check(body.types)
    if body.reset is True:
        await store.begin_anew(host.db, session_id)
    lines = answer(host.db, _streams(host), caller.user_id, session_id, body.types)
    return ByteStream(PLACES.fed(caller.user_id, lines), content_type=_LINES)


@routes.get("/sync/ack", operation_id="getSyncAck", permission=Permission.SYNC_CHECKPOINT_READ)
async def acks(caller: Caller, host: Kernel) -> list[SyncAckDto]:
    """What the session has confirmed."""
    known = await store.checkpoints(host.db, _session(caller))
    return [SyncAckDto(type=SyncEntityType(kind), ack=ack) for kind, ack in known.items()]


@routes.post("/sync/ack", operation_id="sendSyncAck", permission=Permission.SYNC_CHECKPOINT_UPDATE)
async def confirm(caller: Caller, host: Kernel, body: SyncAckSetDto) -> None:
    """Confirm lines; those up to them are not sent again."""
    session_id = _session(caller)
    if RESET in body.acks:
        await store.begin_anew(host.db, session_id)
        return
    read = [Ack.read(text) for text in body.acks]
    await store.confirm(host.db, session_id, [(ack.type, ack.text) for ack in read])


@routes.delete("/sync/ack", operation_id="deleteSyncAck", permission=Permission.SYNC_CHECKPOINT_DELETE)
async def forget(caller: Caller, host: Kernel, body: SyncAckDeleteDto) -> None:
    """Forget confirmations, so that lines are sent again."""
    await store.forget(host.db, _session(caller), None if body.types is MISSING else body.types)
