"""Plugins in the places of `albums` and `faces`, with their facts."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any
from uuid import UUID

from immich_host.hosting import Record
from immich_host.plugin_api import Plugin, hookimpl
from immich_host.plugin_api.markers import Kind, hookspec

ALBUMS: dict[UUID, dict[str, Any]] = {}
"""What the plugin `albums` made here answers, by album."""


def albums() -> Record:
    """A plugin in the place of `albums`, with its facts."""

    @hookspec(Kind.FACT)
    async def albums_invited(album_id: UUID, user_id: UUID, by: UUID, host: Any) -> None:
        """As of the real one."""

    @hookspec(Kind.FACT)
    async def albums_changed(album_id: UUID, by: UUID, asset_ids: Sequence[UUID], host: Any) -> None:
        """As of the real one."""

    @hookimpl(optional=True)
    async def notifications_album(album_id: UUID) -> Mapping[str, Any]:
        return ALBUMS.get(album_id, {})

    facts = ModuleType("immich_albums.hookspecs")
    facts.albums_invited, facts.albums_changed = albums_invited, albums_changed  # type: ignore[attr-defined]
    hooks = ModuleType("immich_albums.hooks")
    hooks.notifications_album = notifications_album  # type: ignore[attr-defined]
    hooks.register_facts = hookimpl(lambda: facts)  # type: ignore[attr-defined]
    return Record("albums", manifest=Plugin("albums"), hooks=hooks)


def faces() -> Record:
    """A plugin in the place of `faces`, with its fact."""

    @hookspec(Kind.FACT)
    async def faces_group_invited(user_id: UUID, invited_by: UUID, cluster_group_id: UUID, host: Any) -> None:
        """As of the real one."""

    facts = ModuleType("immich_faces.hookspecs")
    facts.faces_group_invited = faces_group_invited  # type: ignore[attr-defined]
    hooks = ModuleType("immich_faces.hooks")
    hooks.register_facts = hookimpl(lambda: facts)  # type: ignore[attr-defined]
    return Record("faces", manifest=Plugin("faces"), hooks=hooks)
