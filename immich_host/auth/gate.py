"""Who asks: the gate in front of every route, which needs no SQL for those it has seen before."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

import structlog

from immich_host.auth import ending, store
from immich_host.auth.credentials import SHARED_LINK_COOKIE, Credential, Kind, find
from immich_host.auth.devices import Device, app_version, device_of
from immich_host.auth.known import Known, Memory, known, seconds
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.web import Caller
from immich_host.users.store import on_change
from immich_host.wire.kernel import Kernel

TOUCH_SECONDS: Final = 3600.0
"""A session's use is noted when the last note is older than this."""
IDLE_SECONDS: Final = store.IDLE_DAYS * 86400.0
SLIDING: Final = timedelta(minutes=5)
"""An unlocked session stays so for this long after a request."""
SLIDE_BELOW: Final = 240.0
"""Seconds left below which it is prolonged: so that not every request writes."""

log = structlog.get_logger("auth")


class AuthGate:
    """Implements `wire.gate.Gate`. Changes made in other processes, or by hand, hold within a second."""

    def __init__(self, host: Kernel) -> None:
        self._host = host
        self._memory = Memory()
        self._noting: set[asyncio.Task[None]] = set()
        for table in ("user", "session", "api_key"):
            host.notices.subscribe(table, self._memory.forget)
        on_change(self._memory.forget)

    async def identify(
        self, headers: Mapping[str, str], query_string: bytes, cookies: Mapping[str, str]
    ) -> Caller | None:
        """The caller behind a request's credentials; None if there are none. Sockets pass no query string.

        Raises:
            Refused: 401 for credentials that are not good.
        """
        credential = find(headers, query_string, cookies)
        if credential is None:
            return None
        kind, value = credential
        if kind is not Kind.SESSION and kind is not Kind.API_KEY:
            return await self._by_link(credential, cookies)
        digest = sha256(value.encode("utf-8", "surrogateescape")).digest()
        entry = self._memory.get(digest) if self._host.notices.connected else None
        if entry is None:
            entry = await self._look_up(kind, digest)
        now = time.time()
        if entry is None or now >= entry.dies_at:
            raise Refused(401, kind.value)
        if kind is Kind.SESSION:
            self._note_use(entry, headers, now)
        return entry.at(now)

    async def stop(self) -> None:
        """Wait until the last uses are noted."""
        await ending.stop()
        await asyncio.gather(*self._noting, return_exceptions=True)

    async def _look_up(self, kind: Kind, digest: bytes) -> Known | None:
        generation = self._memory.generation
        if kind is Kind.SESSION:
            row = await store.session_of_token(self._host.db, digest)
            entry = _session(row) if row else None
        else:
            row = await store.key_of_secret(self._host.db, digest)
            entry = _key(row) if row else None
        if entry is not None:
            self._memory.put(digest, entry, generation)
        return entry

    async def _by_link(self, credential: Credential, cookies: Mapping[str, str]) -> Caller:
        kind, value = credential
        found = await self._host.hosting.gather(
            "share_link",
            strict=True,
            key=value if kind is Kind.SHARE_KEY else None,
            slug=value if kind is Kind.SHARE_SLUG else None,
            password_tokens=[part for part in cookies.get(SHARED_LINK_COOKIE, "").split(",") if part],
        )
        caller = found.get(value)
        if caller is None or caller.shared_link is None:
            raise Refused(401, kind.value)
        return caller

    def _note_use(self, entry: Known, headers: Mapping[str, str], now: float) -> None:
        """Note in the background what has become too old in the row."""
        version = app_version(headers.get("user-agent"))
        device = device_of(headers) if version is not None and version != entry.app_version else None
        slides = now < entry.elevated_until < now + SLIDE_BELOW
        if not (device or slides or now - entry.seen_at > TOUCH_SECONDS) or entry.is_being_noted:
            return
        entry.is_being_noted = True
        until = datetime.fromtimestamp(now, UTC) + SLIDING if slides else None
        task = asyncio.get_running_loop().create_task(self._write(entry, device, until))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _write(self, entry: Known, device: Device | None, until: datetime | None) -> None:
        session_id = entry.caller.session_id
        if session_id is None:
            return
        try:
            await store.note_use(self._host.db, session_id, device, until)
        except Exception:
            log.exception("the use of a session could not be noted")
            entry.is_being_noted = False


def _session(row: store.Row) -> Known:
    caller = Caller(
        user_id=row["user_id"],
        email=row["email"],
        name=row["name"],
        is_admin=row["is_admin"],
        session_id=row["id"],
    )
    seen = row["updated_at"].timestamp()
    entry = known(caller)
    entry.seen_at = seen
    entry.dies_at = min(seen + IDLE_SECONDS, seconds(row["expires_at"], entry.dies_at))
    entry.elevated_until = seconds(row["pin_expires_at"], 0.0)
    entry.app_version = row["app_version"]
    return entry


def _key(row: store.Row) -> Known:
    caller = Caller(
        user_id=row["user_id"],
        email=row["email"],
        name=row["name"],
        is_admin=row["is_admin"],
        api_key_id=row["id"],
        permissions=frozenset(row["permissions"]),
    )
    return replace(known(caller), elevated=caller)
