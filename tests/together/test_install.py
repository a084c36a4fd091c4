"""The demonstration: a plugin comes, works, and goes again, while people upload and nobody notices."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import socketio

from immich_host.scaffold import render
from immich_host.testing.host import MOMENT, expect
from immich_host.testing.waiting import PATIENCE
from tests.house.stranger import Environment, environment
from tests.together.making import picture
from tests.together.served import Person, Served, until
from tests.together.test_switching_under_load import bad, count, load

PLUGINS = "/api/admin/plugins"
NAME = "faces_like"

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory, programs: None) -> Environment:
    """An environment of its own, so that nothing is installed where the tests run."""
    return environment(tmp_path_factory.mktemp("stranger") / "venv")


@pytest.fixture(scope="module")
def there(stranger: Environment) -> Iterator[Served]:
    """A server in that environment."""
    if not Path("/proc/net/tcp").exists():
        pytest.skip("which process answers can only be told on Linux")
    running = Served(stranger.folder.with_name("data"), stranger.python)
    yield running
    assert running.stop() == 0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chief(there: Served) -> Person:
    person = await Person.make(there, "admin")
    await person.use_models(enabled=False)
    return person


@pytest_asyncio.fixture(loop_scope="session")
async def boss(chief: Person) -> AsyncIterator[httpx.AsyncClient]:
    async with chief.client() as client:
        client.timeout = httpx.Timeout(300)
        yield client


def made(folder: Path, name: str = NAME) -> Path:
    """A plugin from the template."""
    target = folder / name
    render(name, target)
    return target


def command(stranger: Environment, there: Served, *arguments: str, succeeds: bool = True) -> str:
    line = ("immich-host", "plugins", "--data", str(there.folder), *arguments)
    return stranger.run(*line, succeeds=succeeds)


async def tables(there: Served, name: str) -> list[str]:
    rows = await there.sql("SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, $1)", name)
    return [row["relname"] for row in rows]


async def installed_everywhere(there: Served, client: httpx.AsyncClient, name: str, status: str) -> None:
    """Both API processes know the plugin by now, whichever answers."""

    async def ten_times() -> bool:
        answers = [await client.get(f"{PLUGINS}/{name}", headers={"Connection": "close"}) for _ in range(10)]
        return all(one.status_code == 200 and one.json()["status"] == status for one in answers)

    await until(ten_times)


async def test_a_plugin_is_installed_works_and_goes_again_under_load(
    stranger: Environment, there: Served, chief: Person, boss: httpx.AsyncClient, tmp_path: Path
) -> None:
    person = await Person.make(there, "under-load", chief)
    project = made(tmp_path)
    processes = there.pids("immich_host api") + there.pids("immich_host work")
    async with load(person, people=2) as answers:
        assert expect(await boss.get(f"{PLUGINS}/{NAME}"), 404)
        said = await asyncio.to_thread(command, stranger, there, "install", str(project), "--yes")
        assert f"{NAME} 0.1.0 is installed" in said
        await installed_everywhere(there, boss, NAME, "disabled")
        assert await tables(there, NAME) == [f"{NAME}_noted"]  # switching on runs no DDL
        expect(await boss.get(f"/api/plugins/{NAME}/noted"), 404)

        expect(await boss.put(f"{PLUGINS}/{NAME}", json={"enabled": True}), 200)
        await installed_everywhere(there, boss, NAME, "enabled")
        mine = f"{NAME}_noted WHERE asset_id IN (SELECT id FROM asset WHERE owner_id = $1::uuid)"

        async def some_are_noted() -> bool:
            return await count(there, mine, person.id) >= 3

        await until(some_are_noted)
        assert len(await person.get(f"/plugins/{NAME}/noted")) >= 1

        expect(await boss.put(f"{PLUGINS}/{NAME}", json={"enabled": False}), 200)
        await installed_everywhere(there, boss, NAME, "disabled")
        assert await tables(there, NAME) == [f"{NAME}_noted"]

        async def purged() -> bool:
            gone = await boss.delete(f"{PLUGINS}/{NAME}/data")
            return gone.status_code == 200 or "still running" not in expect(gone, 409)["message"]

        await until(purged)
        assert await tables(there, NAME) == []
        said = await asyncio.to_thread(command, stranger, there, "uninstall", NAME, "--yes")
        assert f"{NAME} is uninstalled" in said

        async def gone_everywhere() -> bool:
            asked = [await boss.get(f"{PLUGINS}/{NAME}", headers={"Connection": "close"}) for _ in range(10)]
            return all(one.status_code == 404 for one in asked)

        await until(gone_everywhere)
    assert bad(answers) == []
    uploaded = sum(one.status_code == 201 for one in answers)
    assert uploaded > 5
    await there.idle()
    assert await count(there, "asset WHERE owner_id = $1::uuid", person.id) == uploaded
    assert await count(there, "asset WHERE owner_id = $1::uuid AND thumbhash IS NULL", person.id) == 0
    assert await count(there, "job_request WHERE failed_at IS NOT NULL") == 0
    assert there.pids("immich_host api") + there.pids("immich_host work") == processes  # nothing was restarted


async def test_an_upgrade_replaces_the_processes_and_nobody_notices(
    stranger: Environment, there: Served, chief: Person, boss: httpx.AsyncClient, tmp_path: Path
) -> None:
    project = made(tmp_path, "grown")
    await asyncio.to_thread(command, stranger, there, "install", str(project), "--yes", "--enable")
    await installed_everywhere(there, boss, "grown", "enabled")
    change(project / "pyproject.toml", 'version = "0.1.0"', 'version = "0.2.0"')
    change(project / "immich_grown" / "jobs.py", "return path.stat().st_size", "return path.stat().st_size + 1")
    person = await Person.make(there, "upgrading", chief)
    processes = set(there.pids("immich_host api") + there.pids("immich_host work"))
    the_rest = asyncio.Event()
    long = asyncio.create_task(slow_upload(person, picture(), the_rest))
    async with load(person, people=2) as answers:
        await asyncio.to_thread(command, stranger, there, "install", str(project), "--yes")

        async def all_are_replaced() -> bool:
            return any("all processes are replaced" in line for line in list(there.said))

        await until(all_are_replaced, 3 * PATIENCE)
        the_rest.set()  # an old process is left, for this upload alone
        answers.append(await long)

        async def all_are_new() -> bool:
            return not processes & set(there.descendants())

        await until(all_are_new)
        asked = [await boss.get(f"{PLUGINS}/grown", headers={"Connection": "close"}) for _ in range(10)]
        assert {(one.json()["version"], one.json()["status"]) for one in asked} == {("0.2.0", "enabled")}
        content = picture()
        made_since = expect(await person.upload(content), 201)["id"]
    assert bad(answers) == []
    await there.idle()
    assert await count(there, "job_request WHERE failed_at IS NOT NULL") == 0
    [row] = await there.sql("SELECT size FROM grown_noted WHERE asset_id = $1::uuid", made_since)
    assert row["size"] == len(content) + 1
    # every upload was noted, by the old code or by the new one
    uploaded = sum(one.status_code == 201 for one in answers) + 1
    mine = "grown_noted WHERE asset_id IN (SELECT id FROM asset WHERE owner_id = $1::uuid)"
    assert await count(there, mine, person.id) == uploaded
    await asyncio.to_thread(command, stranger, there, "uninstall", "grown", "--purge", "--yes")
    assert await tables(there, "grown") == []


async def slow_upload(person: Person, content: bytes, the_rest: asyncio.Event) -> httpx.Response:
    """An upload whose second half comes later."""
    fields = {"fileCreatedAt": MOMENT, "fileModifiedAt": MOMENT}
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()
    ]
    parts.append('--edge\r\nContent-Disposition: form-data; name="assetData"; filename="slow.jpg"\r\n\r\n')
    body = "".join(parts).encode() + content + b"\r\n--edge--\r\n"

    async def halves() -> AsyncIterator[bytes]:
        yield body[: len(body) // 2]
        await the_rest.wait()
        yield body[len(body) // 2 :]

    async with person.client() as client:
        kind = {"Content-Type": "multipart/form-data; boundary=edge"}
        return await client.post("/api/assets", content=halves(), headers=kind, timeout=300)


def change(path: Path, what: str, into: str) -> None:
    text = path.read_text()
    assert what in text
    path.write_text(text.replace(what, into))


async def test_the_api_installs_and_uninstalls(
    there: Served, chief: Person, boss: httpx.AsyncClient, tmp_path: Path
) -> None:
    project = made(tmp_path, "by_api")
    heard: list[str] = []
    client = socketio.AsyncClient()
    client.on("on_plugin_install", lambda step: heard.append(step["step"]))
    await client.connect(
        there.url,
        headers={"Authorization": f"Bearer {chief.token}"},
        socketio_path="/api/socket.io",
        transports=["websocket"],
        wait_timeout=PATIENCE,
    )
    trial = expect(await boss.post(f"{PLUGINS}/try", json={"source": str(project)}), 200)
    assert (trial["plugins"][0]["name"], trial["findings"]) == ("by_api", [])
    expect(await boss.get(f"{PLUGINS}/by_api"), 404)
    done = expect(await boss.post(PLUGINS, json={"source": str(project), "enabled": True}), 201)
    assert [(one["name"], one["status"]) for one in done["plugins"]] == [("by_api", "enabled")]
    assert done["reloading"] == []
    await installed_everywhere(there, boss, "by_api", "enabled")
    assert await tables(there, "by_api") == ["by_api_noted"]
    gone = expect(await boss.delete(f"{PLUGINS}/by_api", params={"purge": True}), 200)
    assert gone == {"names": ["by_api"], "alsoOff": []}
    assert await tables(there, "by_api") == []
    await client.disconnect()
    trying, installing = ["fetching", "checking"], ["installing", "making tables", "loading"]
    leaving = ["switching off", "dropping tables", "uninstalling"]
    assert heard == [*trying, *trying, *installing, *leaving]


async def test_what_breaks_a_rule_is_not_installed(
    stranger: Environment, there: Served, boss: httpx.AsyncClient, tmp_path: Path
) -> None:
    faults = {
        "not_loaded": ("hooks.py", "from collections.abc", "import nothing_of_that_name\nfrom collections.abc"),
        "claiming": ("routes.py", '"/plugins/claiming/noted"', '"/server/ping"'),
        "provided": ("jobs.py", 'after="asset_viewable"', 'after="asset_gathered", provides="described"'),
    }
    said: dict[str, str] = {}
    for name, (file, what, into) in faults.items():
        project = made(tmp_path, name)
        change(project / f"immich_{name}" / file, what, into)
        if name == "provided":
            package = project / "immich_provided" / "__init__.py"
            change(package, 'Plugin("provided",', 'Plugin("provided", provides=("described",),')
        refused = expect(await boss.post(PLUGINS, json={"source": str(project)}), 422)
        said[name] = " ".join(one["message"] for one in refused["errors"])
        expect(await boss.get(f"{PLUGINS}/{name}"), 404)
        assert await tables(there, name) == []
    assert "nothing_of_that_name" in said["not_loaded"]
    assert "GET /server/ping is declared by the host and by plugin 'claiming'" in said["claiming"]
    assert "described is provided by" in said["provided"]
    text = await asyncio.to_thread(
        command, stranger, there, "install", str(tmp_path / "claiming"), "--yes", succeeds=False
    )
    assert "is not installed" in text


@pytest.mark.parametrize("source", ["", "--index-url=x", "no such thing", "/nowhere", "x @ file:///x.whl", "../x"])
async def test_a_source_is_a_name_a_wheel_or_a_folder(boss: httpx.AsyncClient, source: str) -> None:
    refused = expect(await boss.post(PLUGINS, json={"source": source}), 400)
    assert refused["message"] == f"{source!r} is no package name, no wheel and no folder with a pyproject.toml"


async def test_only_what_is_installed_can_be_uninstalled(
    stranger: Environment, there: Served, boss: httpx.AsyncClient
) -> None:
    assert expect(await boss.delete(f"{PLUGINS}/nobody"), 404)["message"] == "No plugin is called nobody"
    said = await asyncio.to_thread(command, stranger, there, "uninstall", "nobody", "--yes", succeeds=False)
    assert "No plugin is called nobody" in said
    # pip leaves alone what lies in another environment
    outside = expect(await boss.delete(f"{PLUGINS}/sidecar"), 422)
    assert "outside this environment" in outside["message"]
    assert expect(await boss.put(f"{PLUGINS}/sidecar", json={"enabled": True}), 200)["plugin"]["status"] == "enabled"
