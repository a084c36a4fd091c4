"""A host for one test: a database of its own, the chosen plugins, clients that talk to it."""

import asyncio
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from immich_host.db.database import Database
from immich_host.db.migrating import migrate
from immich_host.hosting import calling
from immich_host.hosting.apps import all_apps, plugin_apps
from immich_host.hosting.discovery import GROUP
from immich_host.kernel import HostKernel
from immich_host.plugin_api.settings import Section
from immich_host.testing.waiting import PATIENCE
from immich_host.users import passwords
from immich_host.web import WebApp

PASSWORD = "correct horse"  # noqa: S105 - of accounts in tests
MOMENT = "2024-05-01T10:11:12.345Z"


class RunningHost:
    """What the fixture `host` gives: `host = await host(plugins=["thumbnails"])`."""

    def __init__(self, kernel: HostKernel, app: WebApp) -> None:
        self.kernel = kernel
        self.app = app
        self._clients: list[httpx.AsyncClient] = []
        self._tokens: dict[str, str] = {}

    def anonymous(self, **options: Any) -> httpx.AsyncClient:
        """A client without credentials; paths begin with `/api`."""
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)  # type: ignore[arg-type]
        client = httpx.AsyncClient(transport=transport, base_url="http://host.test", timeout=PATIENCE, **options)
        self._clients.append(client)
        return client

    async def client(self, user: str = "admin") -> httpx.AsyncClient:
        """A client with a session of `user` (`<user>@host.test`), whose account is made on first use."""
        if user not in self._tokens:
            self._tokens[user] = await self._sign_in(user)
        return self.anonymous(headers={"Authorization": f"Bearer {self._tokens[user]}"})

    async def key_client(self, *permissions: str, user: str = "admin") -> httpx.AsyncClient:
        """A client with an API key of `user` that holds `permissions`."""
        owner = await self.client(user)
        answer = await owner.post("/api/api-keys", json={"name": "test", "permissions": list(permissions)})
        return self.anonymous(headers={"x-api-key": expect(answer, 201)["secret"]})

    async def _sign_in(self, user: str) -> str:
        anonymous = self.anonymous()
        account = {"email": f"{user}@host.test", "password": PASSWORD, "name": user.capitalize()}
        if user == "admin":
            expect(await anonymous.post("/api/auth/admin-sign-up", json=account), 201)
        else:
            admin = await self.client()
            expect(await admin.post("/api/admin/users", json=account), 201)
        credentials = {"email": account["email"], "password": PASSWORD}
        answer = await anonymous.post("/api/auth/login", json=credentials)
        anonymous.cookies.clear()
        return expect(answer, 201)["accessToken"]

    async def user_id(self, user: str = "admin") -> UUID:
        """The id of a user's account."""
        client = await self.client(user)
        return UUID(expect(await client.get("/api/users/me"), 200)["id"])

    async def upload(
        self, file: Path | bytes, *, name: str | None = None, user: str = "admin", sidecar: Path | bytes | None = None,
        **fields: Any,
    ) -> UUID:  # fmt: skip
        """Upload a file as the app would; returns the asset's id. `fields` are form fields."""
        content = file if isinstance(file, bytes) else file.read_bytes()
        named = name or (file.name if isinstance(file, Path) else "photo.jpg")
        files: dict[str, Any] = {"assetData": (named, content)}
        if sidecar is not None:
            text = sidecar if isinstance(sidecar, bytes) else sidecar.read_bytes()
            files["sidecarData"] = (f"{named}.xmp", text)
        form = {"fileCreatedAt": MOMENT, "fileModifiedAt": MOMENT} | {key: str(value) for key, value in fields.items()}
        client = await self.client(user)
        answer = await client.post("/api/assets", data=form, files=files)
        if answer.status_code not in {200, 201}:
            msg = f"upload of {named}: {answer.status_code} {answer.text}"
            raise AssertionError(msg)
        return UUID(answer.json()["id"])

    async def publish(self, fact: str, /, **arguments: Any) -> None:
        """Publish a fact, in place of a provider that is not there."""
        await self.kernel.publish(fact, **arguments)

    async def drain(self) -> None:
        """Run every job that waits, in this process; raises the first failure."""
        await self.kernel.job_room.drain()

    async def configure(self, section: Section) -> None:
        """Set a settings section, as an admin would."""
        await self.kernel.live_settings.update_section(section)

    async def turn_off(self, plugin: str) -> None:
        """Switch a plugin off, as an admin would, and wait until it is."""
        await self._switch(plugin, is_enabled=False)

    async def turn_on(self, plugin: str) -> None:
        """Switch a plugin on, and wait until it is."""
        await self._switch(plugin, is_enabled=True)

    async def _switch(self, plugin: str, *, is_enabled: bool) -> None:
        await self.kernel.db.execute(
            """INSERT INTO plugin_state (name, is_enabled) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET is_enabled = EXCLUDED.is_enabled, changed_at = now()""",
            plugin,
            is_enabled,
        )
        async with asyncio.timeout(PATIENCE):
            await self.kernel.switching.until(lambda: self.kernel.is_enabled(plugin) is is_enabled)

    async def close(self) -> None:
        """Close all clients."""
        for client in self._clients:
            await client.aclose()


def expect(answer: httpx.Response, status: int) -> Any:
    """The JSON of an answer (None where empty) that must have this status."""
    if answer.status_code != status:
        msg = f"{answer.request.method} {answer.request.url}: {answer.status_code}, not {status}: {answer.text[:500]}"
        raise AssertionError(msg)
    return answer.json() if answer.content else None


def cheap_hashes() -> None:
    """Hash passwords of tests with the least work: nobody is to be kept from guessing them."""
    setattr(passwords, "COST", 4)  # noqa: B010 - final, but for this


def patient_start() -> None:
    """Let plugins take as long to start as tests wait: a slow machine makes none of them broken."""
    calling.LIFECYCLE_SECONDS = PATIENCE


def named(plugins: Iterable[str] | None) -> list[str] | None:
    """Plugin names as a list; None stands for all that are installed."""
    return None if plugins is None else list(plugins)


async def migrate_more(kernel: HostKernel) -> None:
    """Make the tables of plugins that are not installed; those of the others are there."""
    installed = {point.name for point in entry_points(group=GROUP)}
    if all(app.name in installed for app in plugin_apps(kernel.hosting)):
        return
    url = kernel.runtime.database_url
    database = Database(url or "", max_connections=2)
    await database.connect()
    try:
        await migrate(database, all_apps(kernel.hosting))
    finally:
        await database.close()
