"""Telling somebody: a row, and an event to the clients that are there."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from immich_host.plugin_api import Host
from immich_host.plugin_api.database import Row
from immich_notifications import store
from immich_notifications.answers import answer
from immich_notifications.store import Notice

SAME = timedelta(minutes=5)
"""What is told again within this time is not told: facts may arrive twice."""


async def tell(host: Host, user_id: UUID, notice: Notice, unless_within: timedelta | None = SAME) -> Row | None:
    """Tell a user; None where there is no such user, or the same was told just now.

    In the caller's transaction, if there is one: clients hear of it after commit.
    """
    async with host.db.transaction():
        await store.hold(host.db, user_id)
        row = await store.add(host.db, user_id, notice, unless_within)
        if row is not None:
            _push_after_commit(host, row)
    return row


async def tell_once(host: Host, user_id: UUID, notice: Notice, key: str) -> None:
    """Tell a user; where they have not read of the same `data[key]` yet, that is written over, and nobody is called."""
    async with host.db.transaction():
        await store.hold(host.db, user_id)
        if await store.say_again(host.db, user_id, notice, key) is None:
            row = await store.add(host.db, user_id, notice)
            if row is not None:
                _push_after_commit(host, row)


async def tell_each(host: Host, user_ids: Sequence[UUID], notice: Notice) -> None:
    """Tell users; all administrators where none are named."""
    for user_id in sorted(set(user_ids or await store.administrators(host.db))):
        await tell(host, user_id, notice)


def _push_after_commit(host: Host, row: Row) -> None:
    shown = answer(row).model_dump(mode="json", by_alias=True)

    async def push() -> None:
        await host.push.to_user(row["user_id"], "on_notification", shown)

    host.db.on_commit(push)
