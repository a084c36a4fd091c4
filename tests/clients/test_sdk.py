"""Immich's SDK and the socket library of its web page, run by Node; the steps are in the scripts beside this."""

import re
from pathlib import Path

import pytest

from immich_host.testing.host import expect
from tests.clients.npm import Clients
from tests.clients.people import PASSWORD, Person, sign_in
from tests.clients.pictures import picture, sidecar
from tests.clients.served import ServedHost

pytestmark = pytest.mark.timeout(600)  # the first run on a machine fetches the clients


async def passes(clients: Clients, script: Path, **environment: str) -> None:
    """Run a script of tests; what failed is shown with Node's own report."""
    ran = await clients.run(script, environment=environment)
    assert ran.code == 0, f"{ran.out}\n{ran.err}"
    assert re.search(r"pass [1-9]", ran.out), ran.out  # Node is content with a script without tests


async def test_account(clients: Clients, scripts: Path, served: ServedHost, person: Person) -> None:
    await passes(clients, scripts / "account.mjs", HOST_URL=served.url, EMAIL=person.email, PASSWORD=PASSWORD)


async def test_assets(clients: Clients, scripts: Path, served: ServedHost, person: Person, tmp_path: Path) -> None:
    photo, beside = tmp_path / "photo.jpg", tmp_path / "photo.jpg.xmp"
    photo.write_bytes(picture())
    beside.write_text(sidecar("Am Tejo", "2021-03-04T05:06:07+00:00", 5))
    paths = {"PHOTO": str(photo), "SIDECAR": str(beside)}
    await passes(clients, scripts / "assets.mjs", HOST_URL=served.url, TOKEN=person.token, **paths)


async def test_search(clients: Clients, scripts: Path, served: ServedHost, person: Person, tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"p{number}.jpg").write_bytes(picture())
    await passes(clients, scripts / "search.mjs", HOST_URL=served.url, TOKEN=person.token, PHOTOS=str(tmp_path))


async def test_organising(clients: Clients, scripts: Path, served: ServedHost, person: Person, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(4):
        (photos / f"p{number}.jpg").write_bytes(picture())
    await passes(clients, scripts / "organising.mjs", HOST_URL=served.url, TOKEN=person.token, PHOTOS=str(photos))


async def test_sharing(
    clients: Clients, scripts: Path, served: ServedHost, admin: Person, person: Person, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for path in (*(photos / f"p{number}.jpg" for number in range(4)), tmp_path / "extra.jpg"):
        path.write_bytes(picture())
    account = {"email": "other-of-sharing@host.test", "password": PASSWORD, "name": "Other"}
    expect(await admin.http.post("/api/admin/users", json=account), 201)
    other = await sign_in(served.url, account["email"])
    words = {"TOKEN": person.token, "OTHER_TOKEN": other.token, "OTHER_ID": other.id, "ADMIN_TOKEN": admin.token}
    await passes(clients, scripts / "sharing.mjs", HOST_URL=served.url, PHOTOS=str(photos), **words)
    await other.http.aclose()


async def test_operating(clients: Clients, scripts: Path, served: ServedHost, admin: Person) -> None:
    await passes(clients, scripts / "operating.mjs", HOST_URL=served.url, TOKEN=admin.token)
