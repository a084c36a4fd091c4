"""A plugin with everything that an administrator can see, and one that requires it."""

from pathlib import Path
from typing import Any

from pydantic import Field

from immich_host.hosting import Record
from immich_host.plugin_api import Job, JobContext, Outcome, Section, Unusable
from immich_host.plugin_api.web import FREE, Routes
from tests.hosting.making import plugin

MIGRATION = """
from immich_host.plugin_api.migrations import sql_migration

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "pantry_0001_jars", app="pantry",
    forwards="CREATE TABLE pantry_jar (id int PRIMARY KEY); CREATE TABLE cellar (id int)",
    backwards="DROP TABLE cellar; DROP TABLE pantry_jar",
)
"""


class Pantry(Section):
    """What fits."""

    key = "pantry"
    shelf_count: int = Field(default=3, ge=1)
    label: str = "jam"


async def jar(ctx: JobContext, **_: Any) -> Outcome:
    """Fill a jar."""
    return Outcome.DONE


async def without(_host: object):
    """No asset has missed anything."""
    for one in ():
        yield one


ROUTES = Routes("Pantry")


@ROUTES.get("/plugins/pantry/jars", permission=FREE)
async def jars() -> list[str]:
    """All jars."""
    return []


def records(folder: Path, missing: list[str]) -> list[Record]:
    """`pantry`, `toast` that requires it, and `oven`, which cannot be used while something is in `missing`."""
    folder.mkdir(exist_ok=True)
    (folder / "pantry_0001_jars.py").write_text(MIGRATION)

    def register_migrations():
        return folder

    def register_settings():
        return [Pantry]

    def register_blueprints():
        return [ROUTES]

    async def plugin_check(settings):
        if missing:
            raise Unusable(missing[0])

    async def settings_check(old, new):
        if new.label == "soap":
            raise Unusable("not in a pantry")

    job = Job("jar", jar, queue="pantry", after="asset_created", provides="viewable", missing=without)
    pantry = plugin(
        "pantry", register_migrations, register_settings, register_blueprints, settings_check,
        jobs=(job,), provides=("viewable",), title="The pantry", uses=("network",),
    )  # fmt: skip
    return [pantry, plugin("toast", requires=("pantry",)), plugin("oven", plugin_check)]
