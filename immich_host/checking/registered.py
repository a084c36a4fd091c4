"""Rules for what a loaded plugin hands to the host: jobs, routes, settings, facts."""

import re

from pydantic import ValidationError

from immich_host.checking.findings import Finding
from immich_host.hosting import Record, Status
from immich_host.jobs.queues import QUEUES
from immich_host.plugin_api.markers import PROJECT
from immich_host.settings.catalogue import Catalogue
from immich_host.wire.catalogue import Catalogue as RouteCatalogue
from immich_host.wire.catalogue import DuplicateRoute

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def registered(record: Record) -> list[Finding]:
    """All rules; a plugin that does not load has that one finding."""
    if record.status is Status.BROKEN:
        return [Finding("load", record.reason)]
    return [*jobs(record), *routes(record), *settings(record), *facts(record)]


def jobs(record: Record) -> list[Finding]:
    """Names in lower case; a queue is Immich's or begins with the plugin's name."""
    found: list[str] = []
    for job in record.brings.jobs:
        if not _NAME.fullmatch(job.name):
            found.append(f"job {job.name}: lower case letters, digits and underscores")
        if job.queue not in QUEUES and job.queue != record.name and not job.queue.startswith(f"{record.name}_"):
            found.append(f"job {job.name}: the queue {job.queue} is neither Immich's nor {record.name}")
    return [Finding("names", message) for message in found]


def routes(record: Record) -> list[Finding]:
    """Routes below /plugins/ are below the plugin's own name, and none is declared twice."""
    found = [
        f"{route.method} {route.path} is not below /plugins/{record.name}/"
        for group in record.brings.routes
        for route in group.routes
        if route.path.startswith("/plugins/") and not route.path.startswith(f"/plugins/{record.name}/")
    ]
    try:
        RouteCatalogue().add(record.brings.routes, record.name)
    except DuplicateRoute as error:
        found.append(str(error))
    return [Finding("names", message) for message in found]


def settings(record: Record) -> list[Finding]:
    """Keys are the plugin's or Immich's; sections are frozen, and valid with their defaults."""
    catalogue = Catalogue()
    found: list[str] = []
    for section in record.brings.settings:
        try:
            catalogue.add(section, record.name)
            section.model_validate_json(section().model_dump_json())
        except (ValueError, ValidationError) as error:
            found.append(str(error))
            continue
        if not section.model_config.get("frozen"):
            found.append(f"{section.__name__} is not frozen")
    return [Finding("settings", message) for message in found]


def facts(record: Record) -> list[Finding]:
    """Facts that a plugin specifies begin with its name."""
    register = getattr(record.hooks, "register_facts", None)
    known = vars(register()) if register else {}
    return [
        Finding("names", f"fact {name} does not begin with {record.name}_")
        for name, value in known.items()
        if hasattr(value, f"{PROJECT}_spec") and not name.startswith(f"{record.name}_")
    ]
