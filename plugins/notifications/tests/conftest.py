"""A host that tests of one file share, a mail server, and an album that is told by a plugin made here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from immich_host.testing import RunningHost
from immich_host.testing.fixtures import running_host
from immich_host.testing.host import expect
from immich_notifications.settings import EmailTemplates, Smtp
from plugins.notifications.tests.hearing import CHANNEL, Pushed
from plugins.notifications.tests.mailing import MailServer, mail_server
from plugins.notifications.tests.others import ALBUMS, albums, faces

if TYPE_CHECKING:
    from immich_host.testing.servers import Servers


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(servers: "Servers", tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHost]:
    """One host for all tests of a file: each takes users of its own."""
    folder = tmp_path_factory.mktemp("house") / "data"
    async with running_host(servers, folder, ["notifications"], records=[albums(), faces()]) as running:
        yield running


@pytest.fixture
async def mails(house: RunningHost) -> AsyncIterator[MailServer]:
    """A mail server that the host sends by while the test runs; before it, nothing waits."""
    await house.drain()
    async with mail_server() as server:
        await house.configure(server.settings())
        yield server
        await house.configure(Smtp())
        await house.configure(EmailTemplates())


@pytest.fixture
async def pushed(house: RunningHost) -> AsyncIterator[Pushed]:
    """What clients are told by `on_notification` while the test runs."""
    async with house.kernel.redis.pubsub() as channel:
        await channel.subscribe(CHANNEL)
        yield Pushed(house, channel)


@dataclass
class User:
    """Somebody who may be told something."""

    house: RunningHost
    name: str
    client: httpx.AsyncClient
    id: UUID
    email: str = field(init=False)

    def __post_init__(self) -> None:
        self.email = f"{self.name}@host.test"

    async def notices(self, **query: Any) -> list[dict[str, Any]]:
        """The list, newest first."""
        return expect(await self.client.get("/api/notifications", params=query), 200)

    async def told(self, title: str = "Hello", **fields: Any) -> str:
        """Told something by the administrator; returns the id."""
        admin = await self.house.client()
        body = {"userId": str(self.id), "title": title, **fields}
        return expect(await admin.post("/api/admin/notifications", json=body), 201)["id"]

    async def prefer(self, **wishes: bool) -> None:
        """Set wishes about mail."""
        body = {"emailNotifications": wishes}
        expect(await self.client.put("/api/users/me/preferences", json=body), 200)


@pytest.fixture
def user(house: RunningHost) -> Any:
    """Make a user: `ann = await user("ann")`."""

    async def make(name: str) -> User:
        return User(house, name, await house.client(name), await house.user_id(name))

    return make


@pytest.fixture
def album() -> Any:
    """Make an album of some users: `album("Summer", ann, ben)`."""

    def make(name: str, *users: User, cover: UUID | None = None) -> UUID:
        album_id = uuid4()
        ALBUMS[album_id] = {"name": name, "cover": cover, "user_ids": [each.id for each in users]}
        return album_id

    yield make
    ALBUMS.clear()
