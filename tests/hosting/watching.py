"""A plugin that brings one of each and writes down which of its hooks were called."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from immich_host.hosting import Record
from immich_host.hosting.discovery import from_module
from immich_host.plugin_api import (
    Caller,
    Host,
    Job,
    JobContext,
    Outcome,
    Permission,
    Plugin,
    Refused,
    Routes,
    Section,
    hookimpl,
    hookspecs,
)
from immich_host.plugin_api.errors import JobFailed
from immich_host.plugin_api.markers import Kind, hookspec
from immich_host.testing import RunningHost
from immich_host.testing.waiting import PATIENCE

NAME = "watching"
ROUTES = Routes("Watching")


@ROUTES.get("/plugins/watching/hello", permission=Permission.ASSET_READ)
async def hello(caller: Caller, host: Host) -> dict[str, str]:
    """Greet the caller."""
    return {"hello": caller.name, "media": str(host.files.media_root.is_dir())}


class Watching(Section):
    """One number."""

    key = NAME
    amount: int = 1


@hookspec(Kind.FACT)
async def watching_seen(thing: str, host: Any) -> None:
    """After something was seen. Every process. Raising is logged."""


async def look(ctx: JobContext, **arguments: Any) -> Outcome:
    """Done, or failed where it is asked to fail."""
    if arguments.get("damaged"):
        raise JobFailed("it is damaged")
    await ctx.host.publish("watching_seen", thing="look")
    return Outcome.DONE


class Watcher:
    """The plugin's hooks are bound to it; `called` has (hook, arguments)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prefix = "/watching"
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.refuse: str | None = None
        self.give: dict[str, Any] = {}
        self._more = asyncio.Event()

    def names(self) -> list[str]:
        return [name for name, _ in self.called]

    def of(self, hook: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.called if name == hook]

    async def until(self, hook: str, times: int) -> list[dict[str, Any]]:
        """The arguments of all calls of a hook, once there are so many."""
        async with asyncio.timeout(PATIENCE):
            while len(self.of(hook)) < times:
                self._more.clear()
                await self._more.wait()
        return self.of(hook)

    def record(self) -> Record:
        """The plugin, to be handed to the fixture `host` under `records`."""
        package, hooks = ModuleType("immich_watching"), ModuleType("immich_watching.hooks")
        package.PLUGIN = Plugin(NAME)  # type: ignore[attr-defined]
        for name, spec in [*vars(hookspecs).items(), ("watching_seen", watching_seen)]:
            kind = getattr(spec, "immich_host_kind", None)
            if kind in {Kind.LIFECYCLE, Kind.GUARD, Kind.GATHER, Kind.FACT}:
                setattr(hooks, name, self._hook(name, spec))
        for name, brought in self._brings().items():
            setattr(hooks, name, hookimpl(lambda brought=brought: brought))
        return from_module(NAME, package, hooks)

    def _brings(self) -> dict[str, Any]:
        facts = ModuleType("watching_facts")
        facts.watching_seen = watching_seen  # type: ignore[attr-defined]
        return {
            "register_settings": [Watching],
            "register_jobs": [Job("look", look, queue=NAME, after="asset_created", unique=None)],
            "register_blueprints": [ROUTES],
            "register_facts": facts,
            "register_pages": [(self.prefix, self.folder)],
        }

    def _hook(self, name: str, spec: Any) -> Any:
        """An implementation with the specification's own arguments."""
        arguments = spec.__code__.co_varnames[: spec.__code__.co_argcount]

        async def called(given: Sequence[Any]) -> Any:
            self.called.append((name, dict(zip(arguments, given, strict=True))))
            self._more.set()
            if self.refuse == name:
                raise Refused(418, f"{name} refuses")
            return self.give.get(name)

        code = f"async def {name}({', '.join(arguments)}): return await called([{', '.join(arguments)}])"
        made: dict[str, Any] = {"called": called}
        exec(code, made)  # noqa: S102 - pluggy reads the names of arguments from the function
        return hookimpl(made[name])


async def start(make: Any, watcher: Watcher, *, pages: str = "/watching") -> RunningHost:
    """A host with this plugin alone, its pages below this prefix."""
    watcher.prefix = pages
    return await make(plugins=[], records=[watcher.record()])


__all__ = ["NAME", "Watcher", "Watching", "start"]
