"""What this plugin asks other plugins, and the facts that it publishes."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from immich_host.plugin_api import Host
from immich_host.plugin_api.markers import Kind, hookspec


@hookspec(Kind.GATHER)
async def albums_linked(album_ids: Sequence[UUID], host: Host) -> Mapping[UUID, bool]:
    """For answers about albums: those among `album_ids` that somebody may reach by a link, each with True.

    API. Raising fails the request.
    """
    raise NotImplementedError


@hookspec(Kind.FACT)
async def albums_invited(album_id: UUID, user_id: UUID, by: UUID, host: Host) -> None:
    """An album was shared with a user, by another one. API. Raising is logged."""


@hookspec(Kind.FACT)
async def albums_changed(album_id: UUID, by: UUID, asset_ids: Sequence[UUID], host: Host) -> None:
    """Assets were put into an album by a user; of more than 500 it is told in several parts.

    API, or where an asset's properties are given to another. Raising is logged.
    """
