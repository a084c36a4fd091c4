"""Immich's SDK and command line with every single plugin off, and with all of them off."""

from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from immich_host.hosting.discovery import GROUP
from immich_host.testing.host import expect
from tests.clients.npm import Clients
from tests.clients.people import PASSWORD, Person
from tests.clients.pictures import picture
from tests.clients.served import ServedHost

pytestmark = pytest.mark.timeout(600)  # the first run on a machine fetches the clients

PLUGINS = "/api/admin/plugins"
INSTALLED = sorted(point.name for point in entry_points(group=GROUP))

type Switch = Callable[..., Awaitable[None]]


@pytest.fixture
async def switch_off(admin: Person) -> AsyncIterator[Switch]:
    """Switches plugins off until the end of the test."""

    async def set_all(names: list[str], *, enabled: bool) -> None:
        for name in names:
            expect(await admin.http.put(f"{PLUGINS}/{name}", json={"enabled": enabled}), 200)

    async def off(names: list[str]) -> None:
        await set_all(names, enabled=False)

    yield off
    left = {one["name"]: set(one["requires"]) for one in await admin.get("/admin/plugins") if not one["wanted"]}
    while left:
        able = [name for name, requires in left.items() if not requires & left.keys()]
        await set_all(able, enabled=True)
        left = {name: requires for name, requires in left.items() if name not in able}


@pytest.mark.parametrize("off", [INSTALLED, *([name] for name in INSTALLED)], ids=["all", *INSTALLED])
async def test_the_sdk_and_the_command_line_work_without(
    clients: Clients,
    scripts: Path,
    served: ServedHost,
    person: Person,
    switch_off: Switch,
    tmp_path: Path,
    off: list[str],
) -> None:
    await switch_off(off)
    photo, folder = tmp_path / "photo.jpg", tmp_path / "folder"
    folder.mkdir()
    photo.write_bytes(picture())
    (folder / "one.jpg").write_bytes(picture())
    given = {"HOST_URL": served.url, "EMAIL": person.email, "PASSWORD": PASSWORD, "PHOTO": str(photo)}
    sdk = await clients.run(scripts / "off.mjs", environment=given)
    assert (sdk.code, "pass 2" in sdk.out) == (0, True), f"{sdk.out}\n{sdk.err}"
    environment = {"IMMICH_INSTANCE_URL": served.url, "IMMICH_API_KEY": await person.key("user.read", "asset.upload")}
    for said in ("Successfully uploaded 1 new asset", "All assets were already uploaded"):
        ran = await clients.cli("upload", "--no-progress", folder, environment=environment)
        assert ran.code == 0, ran
        assert said in ran.out, ran
