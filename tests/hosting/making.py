"""Plugins made of a few functions, for tests of how the host treats them."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from immich_host.hosting import Hosting, Record
from immich_host.hosting.discovery import from_module
from immich_host.plugin_api import Job, JobContext, Outcome, Plugin, hookimpl

type Hook = Callable[..., Any]


def plugin(name: str, *hooks: Hook, jobs: tuple[Job, ...] = (), **manifest: Any) -> Record:
    """A plugin with these functions as its hooks; unmarked ones are marked here."""
    package, module = ModuleType(f"immich_{name}"), ModuleType(f"immich_{name}.hooks")
    package.PLUGIN = Plugin(name, **manifest)  # type: ignore[attr-defined]
    for hook in hooks:
        setattr(module, hook.__name__, hook if hasattr(hook, "immich_host_fail_closed") else hookimpl(hook))
    if jobs:
        module.register_jobs = hookimpl(lambda: jobs)  # type: ignore[attr-defined]
    return from_module(name, package, module)


def hosting(*records: Record) -> Hosting:
    """Only these plugins; none is on yet."""
    made = Hosting(only=())
    made.adopt(records)
    return made


async def on(*records: Record, off: tuple[str, ...] = ()) -> Hosting:
    """These plugins, switched on but for `off`."""
    made = hosting(*records)
    await made.converge(set(off), {})
    return made


async def nothing(ctx: JobContext, **_arguments: Any) -> Outcome:
    """A job without work."""
    return Outcome.DONE


def statuses(made: Hosting) -> dict[str, str]:
    """Name -> status."""
    return {name: record.status.value for name, record in made.records.items()}
