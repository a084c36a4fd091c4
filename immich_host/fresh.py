"""What is asked of a new process, as the one that asks may hold older code: `python -m immich_host.fresh`.

`try WHEEL NAME...` loads everything that is installed, with plugins that are about to be, and says what they
are and what is wrong with them; `broken` says which plugins cannot be loaded as it is; `migrate NAME...` makes
tables. Each prints one line of JSON, as the last.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from immich_host.db.database import Database
from immich_host.db.migrating import migrate, stem_faults
from immich_host.hosting import Hosting, Record, Status
from immich_host.hosting.apps import all_apps, app_of
from immich_host.jobs.registry import Registry, order_faults


def tried(wheel: Path, names: Sequence[str]) -> dict[str, Any]:
    """What plugins are, and `findings`: the rules for plugins, then how they go with all others."""
    from immich_host.checking import check

    findings = [asdict(finding) for finding in check(wheel)]
    hosting = Hosting()
    broken = _broken(hosting)
    if not findings:  # a plugin that breaks a rule of its own has been told of
        findings = [{"rule": "load", "message": broken[name]} for name in names if name in broken]
    for name in broken.keys() - set(names):
        fault = f"with it installed, {name} is broken: {broken[name]}"
        findings.append({"rule": "others", "message": fault, "plugin": name})
    return {"plugins": [_described(hosting.records[name]) for name in names], "findings": findings}


def _broken(hosting: Hosting) -> dict[str, str]:
    """Plugins that cannot be loaded side by side, and why."""
    from immich_host.settings.catalogue import assembled
    from immich_host.web import catalogue_of

    catalogue_of(hosting)
    assembled(hosting)
    found = {record.name: record.reason for record in hosting.order if record.status is Status.BROKEN}
    return dict(order_faults(Registry(hosting))) | stem_faults(all_apps(hosting)) | found


def _described(record: Record) -> dict[str, Any]:
    manifest = record.manifest
    return {
        "name": record.name,
        "version": record.version,
        "title": manifest.title if manifest else record.name,
        "description": manifest.description if manifest else "",
        "requires": list(manifest.requires) if manifest else [],
        "uses": list(manifest.uses) if manifest else [],
    }


async def migrated(names: Sequence[str]) -> dict[str, str]:
    """Bring plugins' tables up to date; name -> error of those that failed."""
    hosting = Hosting()
    apps = [app for name in names if (app := app_of(hosting.records[name])) is not None]
    database = Database(os.environ["IMMICH_HOST_DATABASE_URL"], max_connections=2)
    await database.connect()
    try:
        return await migrate(database, apps)
    finally:
        await database.close()


def main(arguments: Sequence[str]) -> None:
    """Do what is asked."""
    what, *rest = arguments
    if what == "try":
        answer: dict[str, Any] = tried(Path(rest[0]), rest[1:])
    elif what == "broken":
        answer = _broken(Hosting())
    else:
        answer = asyncio.run(migrated(rest))
    sys.stdout.write(f"\n{json.dumps(answer)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
