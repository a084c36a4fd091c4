"""The Socket.IO server of an API process."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

import socketio
import structlog
from redis.asyncio import Redis

from immich_host.db.notices import Notices
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import FREE, Caller, Route
from immich_host.realtime.presence import Presence
from immich_host.realtime.push import CHANNEL, EVERYONE
from immich_host.server.store import api_version
from immich_host.wire.gate import Gate, admit, check

log = structlog.get_logger("realtime")

LIBRARY_LOG: Final = logging.getLogger("immich_host.realtime.library")
"""Where the Socket.IO library writes; one of its own would print beside the log. Warnings and worse."""
LIBRARY_LOG.setLevel(logging.WARNING)

PATH: Final = "/api/socket.io"
"""ASGI scopes whose path is this or below it belong to `Sockets.app`."""

FAREWELL: Final = 0.8
"""Seconds between the end of a session and that of its connections: it may still be told why."""

SETTLING: Final = 0.2
"""Seconds until clients are told of new settings: they may ask another process, which learns of them by then."""

JOB_WATCHERS: Final = "job-watchers"
"""Room of administrators' connections that may read jobs, by session or by key."""

_JOBS = Route(
    method="GET", path="/socket.io", handler=admit, tag="Realtime", permission=Permission.QUEUE_JOB_READ, admin=True
)
_ROUTE = Route(method="GET", path="/socket.io", handler=admit, tag="Realtime", permission=FREE)


@dataclass(frozen=True, slots=True)
class _Connection:
    """A connection with good credentials; `scope` is that of its handshake."""

    user_id: UUID
    scope: Mapping[str, Any]
    rooms: tuple[str, ...]


class Sockets:
    """Connections of this process. Rooms: ids of user and session, `JOB_WATCHERS`, and `EVERYONE`."""

    def __init__(self, redis_url: str, redis: Redis, gate: Gate, notices: Notices) -> None:
        self._gate = gate
        self._presence = Presence(redis)
        self._manager = socketio.AsyncRedisManager(redis_url, channel=CHANNEL, logger=LIBRARY_LOG)
        self._server = socketio.AsyncServer(
            async_mode="asgi",
            client_manager=self._manager,
            transports=["websocket"],
            cors_allowed_origins="*",
            always_connect=True,  # a refused client is told why
            max_http_buffer_size=100_000,
            logger=cast("Any", LIBRARY_LOG),  # declared as a flag, taken as a logger too
            engineio_logger=cast("Any", LIBRARY_LOG),
        )
        self._server.on("connect", self._connected)
        self._server.on("disconnect", self._disconnected)
        self.app = socketio.ASGIApp(self._server, socketio_path=PATH)
        self._open: dict[str, _Connection] = {}
        self._by_room: dict[str, set[str]] = {}
        self.job_watchers_joined = 0
        """How many connections that may read jobs there have been."""
        self._tasks: set[asyncio.Task[None]] = set()
        for table in ("session", "api_key", "user"):
            notices.subscribe(table, self._credentials_changed)

    async def start(self) -> None:
        """Listen to the other processes, and begin to say who is connected here."""
        self._server.manager_initialized = True
        self._manager.initialize()
        self._spawn(self._presence.keep_saying(lambda: {one.user_id for one in self._open.values()}))

    async def stop(self) -> None:
        """Close all connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.hang_up()
        await self._server.shutdown()
        listening = getattr(self._manager, "thread", None)
        if listening is not None:
            listening.cancel()
            await asyncio.wait({listening})
        if self._manager.pubsub is not None:
            await self._manager.pubsub.aclose()
        if self._manager.redis is not None:
            await self._manager.redis.aclose()

    async def hang_up(self) -> None:
        """End the connections of this process; clients connect again by themselves."""
        for sid in list(self._open):
            await self._server.disconnect(sid, ignore_queue=True)

    async def tell_here(self, event: str, *data: Any) -> None:
        """Send to all connections of this process; for what every process learns by itself."""
        await self._server.emit(event, data, room=EVERYONE, ignore_queue=True)

    @property
    def has_job_watchers(self) -> bool:
        """Whether anybody is connected here who may read jobs."""
        return JOB_WATCHERS in self._by_room

    async def tell_job_watchers_here(self, event: str, *data: Any) -> None:
        """Send to administrators' connections of this process that may read jobs."""
        await self._server.emit(event, data, room=JOB_WATCHERS, ignore_queue=True)

    async def settings_changed(self, _sections: object = None) -> None:
        """A listener for `LiveSettings.on_change`: clients read the settings again, a moment later."""
        self._spawn(self._tell_settings())

    async def _tell_settings(self) -> None:
        await asyncio.sleep(SETTLING)
        await self.tell_here("on_config_update")

    async def plugins_switched(self, statuses: Mapping[str, str]) -> None:
        """Clients learn the new status of plugins (name -> status) a moment later, as of settings."""
        self._spawn(self._tell_plugins(dict(statuses)))

    async def _tell_plugins(self, statuses: Mapping[str, str]) -> None:
        await asyncio.sleep(SETTLING)
        for name, status in statuses.items():
            await self.tell_here("on_plugin_update", {"name": name, "status": status})

    async def _connected(self, sid: str, environ: Mapping[str, Any], _auth: object = None) -> bool:
        scope = environ["asgi.scope"]
        try:
            caller = await self._admitted(scope)
        except Exception as problem:
            if not isinstance(problem, Refused):
                log.exception("a connection could not be checked")
            await self._server.emit("error", "unauthorized", to=sid, ignore_queue=True)
            self._spawn(self._hang_up(str(self._manager.eio_sid_from_sid(sid, "/"))))
            return False
        one = self._open[sid] = _Connection(caller.user_id, scope, _rooms(caller))
        for room in one.rooms:
            self._by_room.setdefault(room, set()).add(sid)
            await self._server.enter_room(sid, room)
        await self._server.enter_room(sid, EVERYONE)
        self.job_watchers_joined += JOB_WATCHERS in one.rooms
        with suppress(Exception):  # without Redis there are no events to miss
            await self._presence.seen([caller.user_id])
        await self._server.emit("on_server_version", api_version().model_dump(), to=sid, ignore_queue=True)
        return True

    async def _admitted(self, scope: Mapping[str, Any]) -> Caller:
        """The caller behind the headers and cookies of the handshake; its query string is not read."""
        caller = await admit(self._gate, _ROUTE, {**scope, "query_string": b""})
        if caller is None:
            raise Refused(401, "Authentication required")
        return caller

    async def _disconnected(self, sid: str, _reason: object = None) -> None:
        one = self._open.pop(sid, None)
        for room in one.rooms if one else ():
            members = self._by_room[room]
            members.discard(sid)
            if not members:
                del self._by_room[room]

    async def _hang_up(self, connection: str) -> None:
        """Close the line of a refused client that does not do it itself."""
        await asyncio.sleep(FAREWELL)
        with suppress(KeyError):  # it has
            await self._server.eio.disconnect(connection)

    def _credentials_changed(self, ids: frozenset[str] | None) -> None:
        rooms = self._by_room.keys() if ids is None else self._by_room.keys() & ids
        sids = {sid for room in rooms for sid in self._by_room[room]}
        if sids:
            self._spawn(self._check_again(sids))

    async def _check_again(self, sids: set[str]) -> None:
        """Close connections whose credentials are good no longer, or for something else than before."""
        await asyncio.sleep(FAREWELL)
        for sid, one in [(sid, self._open[sid]) for sid in sids & self._open.keys()]:
            try:
                caller = await self._admitted(one.scope)
            except Refused:
                await self._server.disconnect(sid, ignore_queue=True)
            except Exception:  # the database is away; its return brings another check
                log.warning("a connection could not be checked again", exc_info=True)
            else:
                if _rooms(caller) != one.rooms:
                    await self._server.disconnect(sid, ignore_queue=True)

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _rooms(caller: Caller) -> tuple[str, ...]:
    """The ids by which a connection is addressed, and checked again; and the room of those who may read jobs."""
    ids = (caller.user_id, caller.session_id, caller.api_key_id)
    rooms = tuple(str(one) for one in ids if one is not None)
    try:
        check(_JOBS, caller)
    except Refused:
        return rooms
    return (*rooms, JOB_WATCHERS)
