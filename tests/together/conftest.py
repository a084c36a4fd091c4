"""One host with all plugins for each module (a process holds one at a time); jobs are run by `drain`."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from immich_host.runtime.binaries import media_binaries
from immich_host.testing import RunningHost, Servers
from immich_host.testing.fixtures import running_host
from tests.together.served import Person, Served


@pytest.fixture(scope="session")
def programs() -> None:
    """Skips where ffmpeg or exiftool is missing."""
    found = media_binaries()
    if not (found.exiftool and found.ffmpeg and found.ffprobe):
        pytest.skip("exiftool, ffmpeg or ffprobe is missing")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gallery(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, programs: None
) -> AsyncIterator[RunningHost]:
    async with running_host(servers, tmp_path_factory.mktemp("gallery"), None) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def clean(gallery: RunningHost) -> AsyncIterator[RunningHost]:
    """The folder's host without what earlier tests left in its queues; all plugins are on again afterwards."""
    await gallery.kernel.db.execute("DELETE FROM job_request")
    yield gallery
    for name in gallery.kernel.hosting.records:
        if not gallery.kernel.is_enabled(name):
            await gallery.turn_on(name)
    await gallery.kernel.db.execute("DELETE FROM job_request")


@pytest.fixture
def folder(tmp_path: Path, programs: None) -> Path:
    """For files that a test makes with ffmpeg or exiftool."""
    return tmp_path


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, programs: None) -> Iterator[Served]:
    """One real server for all tests that do not kill the whole of it."""
    if not Path("/proc/net/tcp").exists():
        pytest.skip("which process answers can only be told on Linux")
    running = Served(tmp_path_factory.mktemp("served") / "data")
    yield running
    assert running.stop() == 0


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def admin(served: Served) -> Person:
    return await Person.make(served, "admin")
