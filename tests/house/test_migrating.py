"""The tool and the plugin of docs/plugins/migrating.md do the same to the same photos."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from immich_host.hosting.discovery import from_module
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect
from tests.house.sources import ROOT
from tests.house.test_docs import snippets

PAGE = ROOT / "docs" / "plugins" / "migrating.md"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's files in a folder that modules are imported from."""
    for snippet in snippets():
        if snippet.page == PAGE:
            path = tmp_path / "page" / snippet.title.removeprefix("title=").strip('"')
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(snippet.text + "\n")
    monkeypatch.syspath_prepend(tmp_path / "page")
    return tmp_path / "page"


def module(name: str) -> ModuleType:
    sys.modules.pop(name, None)
    return importlib.import_module(name)


async def archived(running: RunningHost) -> set[str]:
    rows = await running.kernel.db.fetch("SELECT original_file_name FROM asset WHERE visibility = 'archive'")
    return {row["original_file_name"] for row in rows}


async def test_before_the_tool_polls(host: MakeHost, written: Path):
    running = await host(plugins=[])
    await running.upload(b"1", name="Scan_1.jpg")
    await running.upload(b"2", name="IMG_2.jpg")
    await running.drain()
    client = await running.key_client("all")
    seen: set[str] = set()
    await module("poll").once(client, seen)
    assert await archived(running) == {"Scan_1.jpg"}
    assert len(seen) == 2


async def test_after_the_plugin_is_told(host: MakeHost, written: Path):
    record = from_module("scans", module("immich_scans"), module("immich_scans.hooks"))
    running = await host(plugins=[], records=[record])
    await running.upload(b"1", name="Scan_1.jpg")
    await running.upload(b"2", name="IMG_2.jpg", user="ann")
    await running.upload(b"3", name="scan 3.jpg", user="ann")
    await running.drain()
    assert await archived(running) == {"Scan_1.jpg", "scan 3.jpg"}
    client = await running.client("ann")
    assert expect(await client.get("/api/assets/statistics"), 200)["total"] == 2
