"""Records of plugins as they are shown."""

from collections.abc import Mapping

from immich_host.db.database import Database
from immich_host.hosting import Hosting, Record
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


async def overview(db: Database, hosting: Hosting, live: LiveSettings) -> list[InstalledPluginDto]:
    """All installed plugins, in order of their names."""
    wishes, tables = await store.wishes(db), await store.tables(db, hosting)
    return [
        _shown(record, hosting, wishes.get(name, store.Wish()), tables.get(name, {}), live.of_plugin(name))
        for name, record in sorted(hosting.records.items())
    ]


async def view(db: Database, hosting: Hosting, live: LiveSettings, name: str) -> InstalledPluginDto:
    """One plugin that is installed."""
    return next(one for one in await overview(db, hosting, live) if one.name == name)


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
        status=InstalledPluginStatus(record.status.value),
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


def _dependents(name: str, hosting: Hosting) -> list[str]:
    others = hosting.records.values()
    return sorted(other.name for other in others if other.manifest and name in other.manifest.requires)
