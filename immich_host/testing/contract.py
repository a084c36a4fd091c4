"""Free tests for every plugin: `class TestContract(PluginContract): plugin = "bigfiles"`.

They hold the plugin to the rules of `immich_host.checking`, run its migrations forwards and backwards,
switch it off and on, and run each of its jobs twice.
"""

import inspect
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest

from immich_host.assets.columns import JOB_STATUS
from immich_host.checking import Finding, Package, loading, readme, registered, source
from immich_host.checking.package import GROUP, installed
from immich_host.db.database import Database
from immich_host.db.migrating import HOST_APP, create_database, migrate, purge
from immich_host.hosting import Hosting, Record
from immich_host.hosting.apps import plugin_apps
from immich_host.plugin_api import Job
from immich_host.testing import photo
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import RunningHost
from immich_host.testing.routes import is_off, requests_of
from immich_host.testing.servers import Servers
from immich_host.testing.state import rows_and_files, schema

awaited = pytest.mark.asyncio(loop_scope="session")


class PluginContract:
    """Subclass it in a test file of the plugin, with `plugin` set.

    `arguments` gives jobs that want more than an asset theirs: `{"tidy": {"folder": "x"}}`.
    """

    plugin: ClassVar[str]
    arguments: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    marks: ClassVar[frozenset[str]] = frozenset()
    """Columns of `asset_job_status` that its migrations empty backwards, so that all assets are looked at again."""

    def sample(self) -> tuple[str, bytes]:
        """Name and content of the file on which jobs are run; overwrite it when they want another."""
        return photo.NAME, photo.JPEG

    def test_it_loads(self) -> None:
        """Manifest and hooks load, jobs, routes, settings and facts are named as they must be."""
        _nothing(registered.registered(self._record()))

    def test_it_imports_only_what_it_may(self) -> None:
        """The plugin API, itself, what it declares, `api` of what it requires."""
        _nothing(source.imports(self._package()))

    def test_its_names_begin_with_its_own(self) -> None:
        """Package, migrations and tables."""
        _nothing(source.names(self._package()))

    def test_its_import_is_cheap(self) -> None:
        """Every API process imports every plugin."""
        _nothing(loading.cheap_import(self._package()))

    def test_its_readme_is_current(self) -> None:
        """Tables of jobs, settings and tables, where the README has them."""
        _nothing(readme.readme(self._package(), self._record()))

    @awaited
    async def test_its_migrations_go_forwards_and_backwards(self, servers: Servers) -> None:
        """Backwards leaves the database as if the plugin had never been there; forwards again brings all back."""
        own = [app for app in plugin_apps(Hosting([self.plugin])) if app.name == self.plugin]
        if not own:
            return
        url = servers.url(f"contract_{uuid4().hex[:12]}")
        await create_database(url)
        database = Database(url, max_connections=2)
        await database.connect()
        try:
            others = [app for app in plugin_apps(Hosting(self._needed())) if app.name != self.plugin]
            assert await migrate(database, [HOST_APP, *others]) == {}
            before = await schema(database)
            assert await migrate(database, own) == {}
            with_it = await schema(database)
            assert before.lines <= with_it.lines, f"it changes others' tables: {before.lines - with_it.lines}"
            faults = (source.table_fault(self.plugin, table) for table in sorted(with_it.tables - before.tables))
            assert [fault for fault in faults if fault] == []
            await _mark_all(database)
            await purge(database, own[0])
            left = await database.fetchrow("SELECT * FROM asset_job_status")
            assert {mark for mark in JOB_STATUS if left[mark] is None} == self.marks, "a purge forgets what it has done"
            assert await schema(database) == before, "after its migrations backwards, the database is not as before"
            assert await migrate(database, own) == {}
            assert await schema(database) == with_it
        finally:
            await database.close()
            await servers.drop_database(url)

    @awaited
    async def test_off_is_404_and_on_is_back(self, host: MakeHost) -> None:
        """While it is off its routes are not there, or give their empty answers; on again, they are."""
        running = await self._running(host)
        client = await running.client()
        requests = requests_of(running.kernel.hosting.records[self.plugin])
        await running.turn_off(self.plugin)
        for request in requests:
            answer = await client.request(request.method, request.path)
            assert is_off(answer, request), f"{request} is answered while the plugin is off: {answer.status_code}"
        await running.turn_on(self.plugin)
        for request in requests:
            answer = await client.request(request.method, request.path)
            assert answer.status_code < 500, f"{request}: {answer.status_code} {answer.text[:300]}"
            assert request.is_idle or not is_off(answer, request), f"{request} is not there while the plugin is on"

    @awaited
    async def test_every_job_twice_is_as_good_as_once(self, host: MakeHost) -> None:
        """Again, each leaves the same rows and the same files; what `missing` yields can be read."""
        running = await self._running(host)
        name, content = self.sample()
        asset_id = await running.upload(content, name=name)
        await running.drain()
        tables = {"asset", "asset_exif", "asset_file", *self._package().tables}
        for job in running.kernel.hosting.records[self.plugin].brings.jobs:
            arguments = self._arguments(job, asset_id)
            if arguments is None:
                continue
            await self._run(running, job, arguments)
            once = await rows_and_files(running.kernel, self.plugin, tables)
            await self._run(running, job, arguments)
            twice = await rows_and_files(running.kernel, self.plugin, tables)
            assert twice == once, f"{self.plugin}.{job.name} leaves something else when it is run again"
            for ids in (job.missing, job.everything):
                if ids is not None:
                    assert all([isinstance(one, UUID) async for one in ids(running.kernel)])

    async def _run(self, running: RunningHost, job: Job, arguments: Mapping[str, Any]) -> None:
        full = f"{self.plugin}.{job.name}"
        await running.kernel.jobs.request(full, cause="all", force=True, **arguments)
        await running.drain()

    def _arguments(self, job: Job, asset_id: UUID) -> Mapping[str, Any] | None:
        """What the job is run with; None where it wants what nobody gave."""
        if job.name in self.arguments:
            return self.arguments[job.name]
        needed = [
            each.name
            for each in list(inspect.signature(job.run).parameters.values())[1:]
            if each.default is inspect.Parameter.empty and each.kind is not inspect.Parameter.VAR_KEYWORD
        ]
        if set(needed) - {"asset_id"}:
            return None
        takes_asset = "asset_id" in inspect.signature(job.run).parameters
        return {"asset_id": asset_id} if takes_asset else {}

    async def _running(self, host: MakeHost) -> RunningHost:
        running = await host(plugins=self._needed())
        record = running.kernel.hosting.records[self.plugin]
        assert record.is_enabled, f"{self.plugin} is {record.status}: {record.reason}"
        return running

    def _needed(self) -> list[str]:
        """The plugin, what it requires, and what it wants and is installed."""
        installed_ones = {point.name for point in entry_points(group=GROUP)}
        names: list[str] = [self.plugin]
        for name in names:
            manifest = Hosting([name]).records[name].manifest
            wanted = (*manifest.requires, *manifest.wants) if manifest else ()
            names += [each for each in wanted if each in installed_ones and each not in names]
        return names

    def _package(self) -> Package:
        return installed(self.plugin, Path(inspect.getfile(type(self))))

    def _record(self) -> Record:
        return Hosting([self.plugin]).records[self.plugin]


def _nothing(findings: list[Finding]) -> None:
    if findings:
        pytest.fail("\n".join(["", *map(str, findings)]), pytrace=False)


async def _mark_all(database: Database) -> None:
    """Put in an asset with which every job is done."""
    owner, asset = uuid4(), uuid4()
    await database.execute('INSERT INTO "user" (id, email) VALUES ($1, $2)', owner, f"{owner}@example.com")
    await database.execute(
        """INSERT INTO asset (id, owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
             local_date_time, checksum) VALUES ($1, $2, 'IMAGE', 'upload/a', 'a.jpg', now(), now(), now(), 'a')""",
        asset,
        owner,
    )
    marks = sorted(JOB_STATUS)
    values = ", ".join(f"{mark} = now()" for mark in marks)
    await database.execute("INSERT INTO asset_job_status (asset_id) VALUES ($1) ON CONFLICT DO NOTHING", asset)
    await database.execute(f"UPDATE asset_job_status SET {values}")  # noqa: S608 - own names
