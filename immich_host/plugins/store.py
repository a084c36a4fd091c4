"""What the database knows of plugins: wishes, faults, tables, requested jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from immich_host.db.database import Database
from immich_host.db.migrating import HOST_APP, App, migration_files
from immich_host.db.undoing import created_in, made
from immich_host.hosting import CONFLICT, Hosting, Stage, Status
from immich_host.hosting.apps import all_apps
from immich_host.hosting.discovery import installed
from immich_host.hosting.ordering import wanted_on
from immich_host.jobs.requests import Outbox
from immich_host.jobs.store import STALE
from immich_host.jobs.values import from_json


@dataclass(frozen=True, slots=True)
class Wish:
    """A row of `plugin_state`; a plugin without one is on."""

    is_enabled: bool = True
    purged_at: datetime | None = None

    @property
    def is_off(self) -> bool:
        """Whether it keeps the plugin off."""
        return not self.is_enabled or self.purged_at is not None


async def wishes(db: Database) -> dict[str, Wish]:
    """What administrators want, by plugin."""
    rows = await db.fetch("SELECT name, is_enabled, purged_at FROM plugin_state")
    return {row["name"]: Wish(row["is_enabled"], row["purged_at"]) for row in rows}


async def wish(db: Database, name: str, *, is_enabled: bool) -> None:
    """Write down what an administrator wants; every process follows."""
    await db.execute(
        """INSERT INTO plugin_state (name, is_enabled) VALUES ($1, $2)
           ON CONFLICT (name) DO UPDATE SET is_enabled = excluded.is_enabled, changed_at = now(), purged_at = NULL""",
        name,
        is_enabled,
    )


async def note_purged(db: Database, name: str) -> None:
    """From now on the plugin is without its tables, until it is switched on."""
    await db.execute("UPDATE plugin_state SET purged_at = now(), changed_at = now() WHERE name = $1", name)


async def forget_settings(db: Database, name: str) -> None:
    """Take the plugin's own section out of the stored settings; parts of Immich's sections stay."""
    await db.execute("UPDATE system_metadata SET value = value - $1 WHERE key = 'system-config' AND value ? $1", name)


async def conflicts(db: Database) -> dict[str, str]:
    """Plugins that are on and of which something is left out, as any process has found; and what."""
    rows = await db.fetch("SELECT name, reason FROM plugin_fault WHERE stage = $1", CONFLICT)
    return {row["name"]: row["reason"] for row in rows}


async def stand_in(db: Database, hosting: Hosting) -> None:
    """Outside the server's processes: give records the status that they have in those, calling nothing."""
    for row in await db.fetch("SELECT name, stage, reason FROM plugin_fault"):
        record = hosting.records.get(row["name"])
        if record is not None and record.status is not Status.BROKEN and row["stage"] != CONFLICT:
            record.break_at(Stage(row["stage"]), row["reason"])
    off = {name for name, one in (await wishes(db)).items() if one.is_off}
    reasons = wanted_on(hosting.records, off)
    for record in hosting.records.values():
        if record.status is not Status.BROKEN:
            record.reason = reasons.get(record.name, "")
            record.status = Status.DISABLED if record.reason else Status.ENABLED


# -- tables


def made_by(app: App) -> set[str]:
    """Tables that an app's migrations name in a CREATE TABLE."""
    return {name for file in migration_files(app) for name in created_in(file)}


def owners(hosting: Hosting, there: set[str], made: Mapping[str, set[str]]) -> dict[str, str]:
    """Table -> plugin: by what migrations have made, else by the longest name that it starts with."""
    named = {table: name for name, tables in made.items() for table in tables}
    named |= {table: app.name for app in all_apps(hosting) for table in made_by(app)}
    found: dict[str, str] = {}
    for table in there:
        starts = [name for name in hosting.records.keys() | made if table == name or table.startswith(f"{name}_")]
        owner = named.get(table) or max(starts, key=len, default=None)
        if owner is not None and owner != HOST_APP.name:
            found[table] = owner
    return found


async def tables(db: Database, hosting: Hosting) -> dict[str, dict[str, int]]:
    """Plugin -> its tables that are there, with their size in bytes, indexes and long values included.

    Also of plugins that are not installed any more.
    """
    rows = await db.fetch(
        """SELECT relname AS name, pg_total_relation_size(oid) AS bytes FROM pg_class
           WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace ORDER BY relname"""
    )
    sizes = {str(row["name"]): int(row["bytes"]) for row in rows}
    found: dict[str, dict[str, int]] = {}
    for table, owner in owners(hosting, set(sizes), await made(db)).items():
        found.setdefault(owner, {})[table] = sizes[table]
    return found


async def left_behind(db: Database, hosting: Hosting) -> list[str]:
    """Plugins that are not installed any more, whose data are still there."""
    there = hosting.records.keys() | {point.name for point in installed()}
    return sorted((await made(db)).keys() - there)


# -- jobs


async def running_jobs(db: Database, name: str) -> int:
    """How many jobs of a plugin run now."""
    return await db.fetchval(
        f"""SELECT count(*) FROM job_request WHERE starts_with(job, $1) AND started_at IS NOT NULL
              AND failed_at IS NULL AND beat_at > now() - interval '{STALE} seconds'""",
        f"{name}.",
    )


async def drop_jobs(db: Database, outbox: Outbox | None, name: str) -> int:
    """Forget what is requested of a plugin that is off; milestones that photos wait for are passed.

    Without an outbox waiting requests are left to the workers, who pass the milestones too.
    """
    async with db.transaction():
        rows = await db.fetch(
            """DELETE FROM job_request WHERE starts_with(job, $1)
                 AND (failed_at IS NOT NULL OR ($2 AND started_at IS NULL))
               RETURNING chain, provides, arguments, owner_id, cause""",
            f"{name}.",
            outbox is not None,
        )
        for row in rows:
            if outbox is not None and row["chain"] and row["provides"]:
                await outbox.publish(
                    f"asset_{row['provides']}",
                    asset_id=from_json(row["arguments"]).get("asset_id"),
                    owner_id=row["owner_id"],
                    cause=row["cause"],
                )
    return len(rows)
