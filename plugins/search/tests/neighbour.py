"""A plugin that knows about albums, people, partners and shared links what a test tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from uuid import UUID

from immich_host.hosting import Record
from immich_host.hosting.discovery import from_module
from immich_host.plugin_api import Caller, Plugin, hookimpl


@dataclass
class Neighbour:
    """What it says to the host's hooks, and what it was asked."""

    conditions: dict[str, tuple[str, tuple[Any, ...]]] = field(default_factory=dict)
    owners: set[UUID] = field(default_factory=set)
    links: dict[str, Caller] = field(default_factory=dict)
    people: dict[UUID, list[Any]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    refusal: Exception | None = None

    def record(self) -> Record:
        """The plugin, to be handed to a host under `records`."""
        package, hooks = ModuleType("immich_neighbour"), ModuleType("immich_neighbour.hooks")
        package.PLUGIN = Plugin("neighbour")  # type: ignore[attr-defined]

        async def asset_filter(params: Mapping[str, Any]) -> Mapping[str, Any]:
            self.asked.append(dict(params))
            if self.refusal is not None:
                raise self.refusal
            return {name: self.conditions[name] for name in params if name in self.conditions}

        async def timeline_owners() -> set[UUID]:
            return self.owners

        async def asset_extras() -> Mapping[str, Any]:
            return {"people": self.people}

        async def share_link(key: str | None) -> Mapping[str, Caller]:
            return {key: self.links[key]} if key in self.links else {}

        for hook in (asset_filter, timeline_owners, asset_extras, share_link):
            setattr(hooks, hook.__name__, hookimpl(hook))
        return from_module("neighbour", package, hooks)
