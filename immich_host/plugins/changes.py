"""What administrators do with plugins, in a server's process and outside of it alike."""

from collections.abc import Mapping
from typing import Any

import asyncpg
from pydantic import TypeAdapter, ValidationError

from immich_host.db.database import Database
from immich_host.db.migrating import migrate, pending
from immich_host.db.migrating import purge as run_backwards
from immich_host.db.undoing import CannotUndo, undo
from immich_host.hosting import Hosting, Record, Stage, Status
from immich_host.hosting.apps import app_of
from immich_host.hosting.ordering import wanted_on
from immich_host.jobs.requests import Outbox
from immich_host.jobs.results import forget_results
from immich_host.plugin_api.errors import NotFound, Refused
from immich_host.plugin_api.settings import Section
from immich_host.plugins import store
from immich_host.plugins.dto import PluginPlanDto, PluginPurgedDto
from immich_host.settings.store import LiveSettings
from immich_host.wire.issues import VALIDATION_FAILED, Issue, issue, issues_of
from immich_host.wire.paths import SchemaView

CONFLICT = 409


def found(hosting: Hosting, name: str) -> Record:
    """The record of an installed plugin.

    Raises:
        NotFound: There is none of that name.
    """
    record = hosting.records.get(name)
    if record is None:
        raise NotFound(f"No plugin is called {name}")
    return record


async def planned(db: Database, hosting: Hosting, name: str, *, is_enabled: bool) -> PluginPlanDto:
    """What a switch would do; changes nothing."""
    record = found(hosting, name)
    off = {other for other, one in (await store.wishes(db)).items() if one.is_off}
    after = off - {name} if is_enabled else off | {name}
    before_on, after_on = _on(hosting.records, off), _on(hosting.records, after)
    return PluginPlanDto(
        name=name,
        enabled=is_enabled,
        also_off=sorted(before_on - after_on - {name}),
        also_on=sorted(after_on - before_on - {name}),
        obstacle=_obstacle(record, hosting, after) if is_enabled else None,
    )


def _on(records: Mapping[str, Record], off: set[str]) -> set[str]:
    reasons = wanted_on(records, off)
    return {name for name, record in records.items() if record.status is not Status.BROKEN and name not in reasons}


def _obstacle(record: Record, hosting: Hosting, off: set[str]) -> str | None:
    """Why it would stay off; a failed check, or missing tables, are tried again by switching it on."""
    if record.broken_at in {Stage.LOAD, Stage.SETTINGS}:
        return record.reason
    return wanted_on(hosting.records, off).get(record.name)


async def switch(db: Database, hosting: Hosting, name: str, *, is_enabled: bool) -> PluginPlanDto:
    """Write the wish down; every process follows. Tables that are missing are made first.

    Raises:
        NotFound: There is no such plugin.
        Refused: 409 - it cannot be on: the message says why.
    """
    plan = await planned(db, hosting, name, is_enabled=is_enabled)
    if plan.obstacle:
        raise Refused(CONFLICT, f"{name} cannot be switched on: {plan.obstacle}")
    app = app_of(hosting.records[name])
    if is_enabled and app is not None and await pending(db, app):
        failure = (await migrate(db, [app])).get(name)
        if failure:
            raise Refused(CONFLICT, f"The tables of {name} cannot be made: {failure}")
    await store.wish(db, name, is_enabled=is_enabled)
    return plan


async def purge(db: Database, hosting: Hosting, outbox: Outbox | None, name: str) -> PluginPurgedDto:
    """Run a plugin's migrations backwards; its jobs and its own settings go too.

    Of one that is not installed any more, or cannot be loaded, by the scripts that were noted when they ran.

    Raises:
        NotFound: There is no such plugin, and nothing that one has left behind.
        Refused: 409 - it is on, its jobs run, or its tables cannot be dropped.
    """
    await check_purge(db, hosting, name)
    record = hosting.records.get(name)
    app = app_of(record) if record else None
    before = (await store.tables(db, hosting)).get(name, {})
    await store.note_purged(db, name)
    jobs = await store.drop_jobs(db, outbox, name)
    try:
        await (run_backwards(db, app) if app else undo(db, name))
    except (asyncpg.PostgresError, CannotUndo) as error:
        raise Refused(CONFLICT, f"The tables of {name} cannot be dropped: {error}") from error
    await store.forget_settings(db, name)
    await forget_results(db, name)
    after = (await store.tables(db, hosting)).get(name, {})
    return PluginPurgedDto(tables=sorted(before.keys() - after.keys()), jobs=jobs)


async def check_purge(db: Database, hosting: Hosting, name: str) -> None:
    """Whether `purge` may begin; raises as it does."""
    if name in hosting.records or name not in await store.left_behind(db, hosting):
        record = found(hosting, name)
        if not (await store.wishes(db)).get(name, store.Wish()).is_off or record.is_enabled:
            raise Refused(CONFLICT, f"{name} is on; switch it off first")
    if await store.running_jobs(db, name):
        raise Refused(CONFLICT, f"Jobs of {name} are still running; try again when they have finished")


async def change_settings(db: Database, live: LiveSettings, name: str, values: Mapping[str, Mapping[str, Any]]) -> None:
    """Replace sections of a plugin's settings, all or none.

    Raises:
        Refused: 400 - a value is not valid, the plugin refuses it, or a configuration file is in use.
    """
    known = {key: type(value) for key, value in live.of_plugin(name).items()}
    faults: list[Issue] = []
    sections: list[Section] = []
    for key, value in values.items():
        if key not in known:
            faults.append(issue("custom", ("sections", key), f"{name} has no settings of this key"))
            continue
        try:
            sections.append(known[key].model_validate(value))
        except ValidationError as error:
            faults += issues_of(error, SchemaView(TypeAdapter(known[key])), ("sections", key))
    if faults:
        raise Refused(400, VALIDATION_FAILED, faults)
    async with db.transaction():
        for section in sections:
            await live.update_section(section)
