"""A plugin that tells about shared links what a test tells it, and writes down what it hears."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from uuid import UUID

from immich_host.hosting import Record
from immich_host.hosting.discovery import from_module
from immich_host.plugin_api import Caller, Plugin, hookimpl


@dataclass
class Neighbour:
    """What it says to the hooks, and the facts that it heard."""

    linked: set[UUID] = field(default_factory=set)
    links: dict[str, Caller] = field(default_factory=dict)
    shareable: set[UUID] = field(default_factory=set)
    heard: list[tuple[Any, ...]] = field(default_factory=list)

    def record(self) -> Record:
        """The plugin, to be handed to a host under `records`."""
        package, hooks = ModuleType("immich_neighbour"), ModuleType("immich_neighbour.hooks")
        package.PLUGIN = Plugin("neighbour")  # type: ignore[attr-defined]

        async def albums_linked(album_ids: Sequence[UUID]) -> dict[UUID, bool]:
            return {album_id: True for album_id in album_ids if album_id in self.linked}

        async def share_link(key: str | None) -> dict[str, Caller]:
            return {key: self.links[key]} if key in self.links else {}

        async def asset_access(asset_ids: Sequence[UUID], permission: str) -> set[UUID]:
            return self.shareable & set(asset_ids) if permission == "asset.share" else set()

        async def albums_invited(album_id: UUID, user_id: UUID, by: UUID) -> None:
            self.heard.append(("invited", album_id, user_id, by))

        async def albums_changed(album_id: UUID, by: UUID, asset_ids: Sequence[UUID]) -> None:
            self.heard.append(("changed", album_id, by, list(asset_ids)))

        for hook in (albums_linked, share_link, asset_access, albums_invited, albums_changed):
            setattr(hooks, hook.__name__, hookimpl(hook))
        return from_module("neighbour", package, hooks)
