"""Records of plugins as they are shown."""

from collections.abc import Mapping

from immich_host.db.database import Database
from immich_host.hosting import Hosting, Record
from immich_host.plugin_api.errors import NotFound
from immich_host.plugin_api.settings import Section
from immich_host.plugins import store
from immich_host.plugins.dto import (
    InstalledPluginDto,
    InstalledPluginJobDto,
    InstalledPluginRouteDto,
    InstalledPluginSectionDto,
    InstalledPluginStatus,
    InstalledPluginTableDto,
)
from immich_host.settings.store import LiveSettings, dumped

NOT_INSTALLED = "not installed any more; its data are still there"


async def overview(db: Database, hosting: Hosting, live: LiveSettings) -> list[InstalledPluginDto]:
    """All plugins in order of their names: those that are installed, and those that have left data behind."""
    wishes, tables, conflicts = await store.wishes(db), await store.tables(db, hosting), await store.conflicts(db)
    gone = {name: Record(name, reason=NOT_INSTALLED) for name in await store.left_behind(db, hosting)}
    shown = [
        _shown(record, hosting, wishes.get(name, store.Wish()), tables.get(name, {}), live.of_plugin(name))
        for name, record in sorted((hosting.records | gone).items())
    ]
    for one in shown:
        if one.status == InstalledPluginStatus.ENABLED and not one.reason:
            one.reason = conflicts.get(one.name, "")
    return shown


async def view(db: Database, hosting: Hosting, live: LiveSettings, name: str) -> InstalledPluginDto:
    """One plugin of these.

    Raises:
        NotFound: There is none of that name.
    """
    for one in await overview(db, hosting, live):
        if one.name == name:
            return one
    raise NotFound(f"No plugin is called {name}")


def sections(values: Mapping[str, Section]) -> list[InstalledPluginSectionDto]:
    """A plugin's sections: key -> current value."""
    return [
        InstalledPluginSectionDto(
            key=key,
            json_schema=type(value).model_json_schema(by_alias=True),
            defaults=dumped(type(value)()),
            value=dumped(value),
        )
        for key, value in sorted(values.items())
    ]


def _shown(
    record: Record, hosting: Hosting, wish: store.Wish, tables: Mapping[str, int], values: Mapping[str, Section]
) -> InstalledPluginDto:
    manifest, brings = record.manifest, record.brings
    return InstalledPluginDto(
        name=record.name,
        title=manifest.title if manifest else record.name,
        description=manifest.description if manifest else "",
        version=record.version,
        api=manifest.api if manifest else "",
        status=_status(record, hosting),
        broken_at=record.broken_at.value if record.broken_at else None,
        reason=record.reason,
        wanted=not wish.is_off,
        purged_at=wish.purged_at,
        requires=list(manifest.requires) if manifest else [],
        required_by=_dependents(record.name, hosting),
        wants=list(manifest.wants) if manifest else [],
        provides=list(manifest.provides) if manifest else [],
        uses=list(manifest.uses) if manifest else [],
        hooks=record.hook_names,
        jobs=[
            InstalledPluginJobDto(
                name=f"{record.name}.{job.name}", queue=job.queue, after=job.after, provides=job.provides, cron=job.cron
            )
            for job in brings.jobs
        ],
        routes=[
            InstalledPluginRouteDto(method=route.method, path=route.path)
            for group in brings.routes
            for route in group.routes
        ],
        tables=[InstalledPluginTableDto(name=name, bytes=size) for name, size in sorted(tables.items())],
        settings=sections(values),
    )


def _status(record: Record, hosting: Hosting) -> InstalledPluginStatus:
    is_there = record.name in hosting.records
    return InstalledPluginStatus(record.status.value) if is_there else InstalledPluginStatus.ABSENT


def _dependents(name: str, hosting: Hosting) -> list[str]:
    others = hosting.records.values()
    return sorted(other.name for other in others if other.manifest and name in other.manifest.requires)
