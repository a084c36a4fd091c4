"""Hooks of this plugin's own: what other plugins may have told, and what they are asked."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Host
from immich_host.plugin_api.markers import Kind, hookspec


@hookspec(Kind.FACT)
async def notifications_asked(
    user_ids: Sequence[UUID],
    type: str,
    level: str,
    title: str,
    description: str | None,
    data: Mapping[str, Any] | None,
    host: Host,
) -> None:
    """Some plugin has something to tell: users are notified, all administrators where `user_ids` is empty.

    `type` and `level` are Immich's (`SystemMessage`, `BackupFailed`, ...; `info`, `success`, `warning`, `error`). To be
    published by whoever sees `host.is_enabled("notifications")`. Any process. Raising is logged.
    """


@hookspec(Kind.GATHER)
async def notifications_album(album_id: UUID, host: Host) -> Mapping[str, Any]:
    """What may be told of an album: `name`, `cover` (an asset's id or None), `user_ids` of owner and members.

    Empty where there is no such album. Any process. Raising fails the job that asks, which is tried again.
    """
    raise NotImplementedError
