"""One server for the whole folder, started as a person starts it, and Immich's clients beside it."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from immich_host.testing.host import expect
from immich_host.testing.waiting import PATIENCE
from tests.clients.npm import Clients, Unavailable, install
from tests.clients.people import PASSWORD, Listener, Person, sign_in
from tests.clients.served import ServedHost


@pytest.fixture(scope="session")
def clients() -> Clients:
    try:
        return install()
    except Unavailable as reason:
        pytest.skip(f"Immich's clients cannot be had: {reason}")


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHost]:
    running = ServedHost(tmp_path_factory.mktemp("served") / "data")
    yield running
    code = running.stop()
    assert code == 0
    assert running.complaints() == []


@pytest.fixture(scope="session")
async def admin(served: ServedHost) -> AsyncIterator[Person]:
    account = {"email": "admin@host.test", "password": PASSWORD, "name": "Admin"}
    async with httpx.AsyncClient(base_url=served.url, timeout=PATIENCE) as anonymous:
        expect(await anonymous.post("/api/auth/admin-sign-up", json=account), 201)
    person = await sign_in(served.url, account["email"])
    yield person
    await person.http.aclose()


@pytest.fixture
async def person(served: ServedHost, admin: Person, request: pytest.FixtureRequest) -> AsyncIterator[Person]:
    """A user of this test alone."""
    email = f"{request.node.name.translate(str.maketrans('[]', '--')).replace('_', '-')}@host.test"
    account = {"email": email, "password": PASSWORD, "name": "Zoë"}
    expect(await admin.http.post("/api/admin/users", json=account), 201)
    person = await sign_in(served.url, email)
    yield person
    await person.http.aclose()


@pytest.fixture
def quiet(admin: Person) -> Callable[[], Awaitable[None]]:
    """Wait until the server has nothing to do: what a photo is gone through for goes on after it is shown."""

    async def wait() -> None:
        until, still = time.monotonic() + PATIENCE, 0
        while still < 3:
            queues = [queue["statistics"] for queue in await admin.get("/admin/queues")]
            still = 0 if sum(queue["active"] + queue["waiting"] for queue in queues) else still + 1
            assert time.monotonic() < until, queues
            await asyncio.sleep(0.05)

    return wait


@pytest.fixture
async def listen(served: ServedHost) -> AsyncIterator[Callable[..., Awaitable[Listener]]]:
    """Connect a socket: `await listen(person)`, or with headers of one's own."""
    async with AsyncExitStack() as stack:

        async def connect(person: Person | None = None, **headers: str) -> Listener:
            token = {"Authorization": f"Bearer {person.token}"} if person else {}
            listener = await Listener.connect(served.url, token | headers)
            stack.push_async_callback(listener.socket.disconnect)
            return listener

        yield connect


@pytest.fixture
def scripts(clients: Clients, tmp_path: Path) -> Path:
    """The scripts of this folder, where Node finds the packages."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    for script in Path(__file__).parent.glob("*.mjs"):
        shutil.copy(script, folder)
    (folder / "node_modules").symlink_to(clients.folder / "node_modules")
    return folder
