"""A plugin that fails, wherever it fails, is broken with its reason; the host does all it does without it."""

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from immich_host.hosting import Record
from immich_host.hosting.discovery import GROUP, load
from immich_host.plugin_api import Job, JobContext, Outcome, Routes, Section, Unusable
from immich_host.plugin_api.permissions import Permission
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect
from tests.hosting.making import plugin

BAD_MIGRATION = """
from immich_host.plugin_api.migrations import sql_migration

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "bad_0001_tables",
    app="bad",
    forwards="CREATE TABLE bad_thing (id int); SELECT 1 / 0",
    backwards="DROP TABLE bad_thing",
)
"""


class Number(Section):
    key = "bad"
    amount: int


class Taken(Section):
    key = "image"
    amount: int = 1


def fails_to_import(folder: Path) -> Record:
    package = folder / "immich_bad"
    package.mkdir()
    (package / "__init__.py").write_text("from immich_host.plugin_api import Plugin\nPLUGIN = Plugin('bad')\n")
    (package / "hooks.py").write_text("import a_library_that_is_not_here\n")
    return load(EntryPoint("bad", "immich_bad", GROUP))


def fails_to_register(_folder: Path) -> Record:
    def register_jobs() -> list[Job]:
        raise RuntimeError("no jobs today")

    return plugin("bad", register_jobs)


def has_settings_without_defaults(_folder: Path) -> Record:
    def register_settings() -> list[type[Section]]:
        return [Number]

    return plugin("bad", register_settings)


def takes_a_route_of_the_host(_folder: Path) -> Record:
    routes = Routes("Bad")

    @routes.get("/users/me", permission=Permission.USER_READ)
    async def me() -> dict[str, str]:
        return {}

    def register_blueprints() -> list[Routes]:
        return [routes]

    return plugin("bad", register_blueprints)


def fails_its_check(_folder: Path) -> Record:
    async def plugin_check(settings: Any) -> None:
        raise Unusable("ffmpeg is missing: install it")

    return plugin("bad", plugin_check)


def fails_to_start(_folder: Path) -> Record:
    async def plugin_started(host: Any) -> None:
        raise OSError("no such device")

    return plugin("bad", plugin_started)


def fails_to_migrate(folder: Path) -> Record:
    (folder / "bad_0001_tables.py").write_text(BAD_MIGRATION)

    def register_migrations() -> Path:
        return folder

    return plugin("bad", register_migrations)


def gives_a_milestone_out_of_order(_folder: Path) -> Record:
    async def run(ctx: JobContext, **_arguments: Any) -> Outcome:
        return Outcome.DONE

    return plugin(
        "bad", jobs=(Job("late", run, queue="bad", after="asset_viewable", provides="described"),),
        provides=("described",),
    )  # fmt: skip


async def works(host: RunningHost) -> None:
    """Accounts, an upload, its bytes, the timeline, and every milestone."""
    asset_id = await host.upload(b"as if nothing were", name="a.jpg", user="anna")
    await host.drain()
    client = await host.client("anna")
    assert (await client.get(f"/api/assets/{asset_id}/original")).content == b"as if nothing were"
    bucket = await client.get("/api/timeline/bucket", params={"timeBucket": "2024-05-01"})
    assert expect(bucket, 200)["id"] == [str(asset_id)]
    assert await host.kernel.db.fetchval("SELECT count(*) FROM job_request") == 0


@pytest.mark.parametrize(
    ("make", "at", "reason"),
    [
        (fails_to_import, "load", "a_library_that_is_not_here"),
        (fails_to_register, "load", "no jobs today"),
        (has_settings_without_defaults, "settings", "amount"),
        (takes_a_route_of_the_host, "load", "/users/me"),
        (gives_a_milestone_out_of_order, "load", "described"),
        (fails_its_check, "check", "ffmpeg is missing: install it"),
        (fails_to_start, "check", "no such device"),
        (fails_to_migrate, "migration", "bad_0001_tables"),
    ],
)
async def test_the_host_goes_on_without_a_plugin_that(
    host: MakeHost, make: Any, at: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    record = make(tmp_path)
    running = await host(plugins=[], records=[record, plugin("good")])
    assert (record.status.value, record.broken_at) == ("broken", at)
    assert reason in record.reason
    assert running.kernel.hosting.records["good"].status.value == "enabled"
    await works(running)


async def test_a_migration_that_fails_leaves_nothing_half_done(host: MakeHost, tmp_path: Path) -> None:
    running = await host(plugins=[], records=[fails_to_migrate(tmp_path)])
    assert await running.kernel.db.fetchval("SELECT to_regclass('bad_thing')") is None


async def test_what_was_installed_too_late_is_repaired_by_switching_it_on_again(host: MakeHost) -> None:
    missing = [Unusable("the model is missing")]

    async def plugin_check(settings: Any) -> None:
        if missing:
            raise missing[0]

    record = plugin("bad", plugin_check)
    running = await host(plugins=[], records=[record])
    assert record.status.value == "broken"
    missing.clear()
    await running.turn_on("bad")
    assert record.status.value == "enabled"
    await works(running)


def raising(name: str) -> Any:
    """A hook of this name that fails; facts must not stop one another, nor what they tell of."""
    namespace: dict[str, Any] = {}
    exec(f"async def {name}():\n    raise RuntimeError('not today')", namespace)  # noqa: S102 - the name decides
    return namespace[name]


async def test_hooks_that_raise_stop_nothing(host: MakeHost) -> None:
    names = [
        "upload_offered", "upload_stored", "upload_kept", "api_features", "asset_extras", "asset_access",
        "timeline_access", "timeline_owners", "asset_created", "asset_gathered", "asset_described",
        "asset_placed", "asset_viewable", "asset_changed", "job_started", "job_finished",
        "user_created", "api_responded", "settings_changed",
    ]  # fmt: skip
    running = await host(plugins=[], records=[plugin("bad", *map(raising, names))])
    assert running.kernel.is_enabled("bad")
    await works(running)
    client = await running.client("anna")
    assert expect(await client.get("/api/server/features"), 200)["trash"] is True
