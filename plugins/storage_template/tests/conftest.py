"""A host with this plugin, and what tests ask of it."""

import hashlib
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_storage_template.settings import StorageTemplate

XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server's zone: UTC, unless a test says otherwise."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Library:
    """A running host and its `library` folder."""

    def __init__(self, host: RunningHost) -> None:
        self.host = host
        self.db = host.kernel.db
        self.root = host.kernel.paths.root
        self.folder = self.root / "library"

    async def use(self, template: str, **settings: Any) -> None:
        """Switch the template on."""
        await self.host.configure(StorageTemplate(enabled=True, template=template, **settings))

    async def upload(self, content: bytes | None = None, name: str = "photo.jpg", **options: Any) -> UUID:
        """Upload and run all jobs."""
        asset_id = await self.host.upload(content if content is not None else uuid4().bytes, name=name, **options)
        await self.host.drain()
        return asset_id

    async def path(self, asset_id: UUID) -> Path:
        """Where the original is, by its row."""
        row = await self.host.kernel.assets.get(asset_id)
        assert row is not None
        return row.path

    async def below(self, asset_id: UUID, user: str = "admin") -> str:
        """The path below the user's folder."""
        return (await self.path(asset_id)).relative_to(await self.folder_of(user)).as_posix()

    async def folder_of(self, user: str = "admin") -> Path:
        """The user's folder."""
        label = 'SELECT coalesce(storage_label, id::text) FROM "user" WHERE id = $1'
        return self.folder / await self.db.fetchval(label, await self.host.user_id(user))

    async def sidecar(self, asset_id: UUID) -> Path | None:
        """Where the sidecar is, by its row."""
        files = await self.host.kernel.files.of_asset(asset_id)
        return next((file.path for file in files if file.type == "sidecar"), None)

    async def move(self, asset_id: UUID) -> None:
        """Run the job for one asset."""
        await self.host.kernel.jobs.request("storage_template.move", asset_id=asset_id)
        await self.host.drain()

    async def migrate(self) -> None:
        """What an administrator's "start" does."""
        client = await self.host.client()
        answer = await client.put("/api/jobs/storageTemplateMigration", json={"command": "start", "force": False})
        assert answer.status_code == 200, answer.text
        await self.host.drain()

    def files(self) -> set[str]:
        """Every file of `upload` and `library`, but markers."""
        found = [path for top in ("upload", "library") for path in Path(self.root / top).resolve().rglob("*")]
        tops = {top: (self.root / top).resolve() for top in ("upload", "library")}
        return {
            f"{top}/{path.relative_to(folder)}"
            for path in found
            for top, folder in tops.items()
            if path.is_file() and path.is_relative_to(folder) and path.name != ".immich"
        }

    async def check(self) -> None:
        """Rows and files agree, each file is what was uploaded, and nothing is under way."""
        rows = await self.db.fetch("SELECT original_path, checksum FROM asset WHERE NOT is_external")
        sidecars = await self.db.fetch("SELECT path FROM asset_file WHERE type = 'sidecar'")
        named = [row["original_path"] for row in rows] + [row["path"] for row in sidecars]
        assert len(named) == len(set(named))
        assert self.files() == set(named)
        for row in rows:
            content = (self.root / row["original_path"]).read_bytes()
            assert hashlib.sha1(content, usedforsecurity=False).digest() == row["checksum"]
        assert await self.db.fetchval("SELECT count(*) FROM move_history") == 0

    def empty_folders(self) -> list[str]:
        """Folders of the library with nothing in them."""
        return [str(each) for each in self.folder.rglob("*") if each.is_dir() and not any(each.iterdir())]


@pytest.fixture
async def library(host: MakeHost) -> Library:
    return Library(await host(plugins=["storage_template"]))


@pytest.fixture
async def apart(host: MakeHost, tmp_path: Path) -> AsyncIterator[Library]:
    """A host whose `library` is on another device than its uploads."""
    folder = Path(f"/dev/shm/{uuid4().hex}")
    if not folder.parent.is_dir() or folder.parent.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system here")
    folder.mkdir()
    try:
        media = tmp_path / "data/media"
        media.mkdir(parents=True)
        (media / "library").symlink_to(folder)
        yield Library(await host(plugins=["storage_template"]))
    finally:
        shutil.rmtree(folder)
