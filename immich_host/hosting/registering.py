"""Collects what a plugin brings, and makes its hooks known to pluggy."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pluggy
import structlog

from immich_host.hosting.record import Brings, Record, Stage, Status

log = structlog.get_logger("hosting")


REGISTERS = {
    "settings": ("register_settings", tuple),
    "migrations": ("register_migrations", Path),
    "jobs": ("register_jobs", tuple),
    "routes": ("register_blueprints", tuple),
    "sync": ("register_sync", tuple),
    "commands": ("register_commands", tuple),
    "pages": ("register_pages", tuple),
}
"""Field of `Brings` -> hook and how its answer is kept."""


def collect(record: Record) -> None:
    """Call the plugin's register hooks; an error marks it broken."""
    if record.status is Status.BROKEN:
        return
    brings = Brings()
    for field, (hook, keep) in REGISTERS.items():
        function = getattr(record.hooks, hook, None)
        if function is None:
            continue
        try:
            setattr(brings, field, keep(function()))
        except Exception as error:
            log.exception("plugin cannot be registered", plugin=record.name, hook=hook)
            record.break_at(Stage.LOAD, f"{hook}: {type(error).__name__}: {error}")
            return
    names = [job.name for job in brings.jobs]
    if len(names) != len(set(names)):
        record.break_at(Stage.LOAD, "two of its jobs have one name")
        return
    record.brings = brings


def answers(order: Iterable[Record], hook: str) -> dict[str, Any]:
    """Plugin -> its answer to a register hook that another plugin specifies; a failing one is left out."""
    found: dict[str, Any] = {}
    for record in order:
        function = record.implementation(hook)
        if function is None or record.broken_at is Stage.LOAD:
            continue
        try:
            found[record.name] = function()
        except Exception:
            log.exception("what a plugin brings is left out", plugin=record.name, hook=hook)
    return found


def plug_in(manager: pluggy.PluginManager, record: Record) -> None:
    """Register the plugin's hooks; one that fits no specification marks it broken."""
    if record.status is Status.BROKEN or manager.has_plugin(record.name):
        return
    facts = getattr(record.hooks, "register_facts", None)
    try:
        if facts is not None:
            _add_facts(manager, record.name, facts())
        manager.register(record.hooks, name=record.name)
        manager.check_pending()
    except Exception as error:
        log.exception("plugin has unusable hooks", plugin=record.name)
        unplug(manager, record)
        record.break_at(Stage.LOAD, f"{type(error).__name__}: {error}")


def _add_facts(manager: pluggy.PluginManager, name: str, module: Any) -> None:
    specs = [key for key, value in vars(module).items() if hasattr(value, f"{manager.project_name}_spec")]
    foreign = [key for key in specs if not key.startswith(f"{name}_")]
    if foreign:
        msg = f"a plugin's facts start with its name: {', '.join(foreign)}"
        raise ValueError(msg)
    if not any(hasattr(manager.hook, key) and getattr(manager.hook, key).spec for key in specs):
        manager.add_hookspecs(module)


def unplug(manager: pluggy.PluginManager, record: Record) -> None:
    """Take the plugin's hooks out; calls under way finish with the list they began with."""
    if manager.has_plugin(record.name):
        manager.unregister(name=record.name)
