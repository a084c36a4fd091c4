import asyncio
import os
import sys
from dataclasses import dataclass

import orjson
import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import PASSWORD, expect
from immich_host.testing.waiting import PATIENCE, all_told


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


async def admin(house: RunningHost, *arguments: str, typed: str = "", url: str = "") -> Ran:
    """Run `immich-host admin ...` beside the running host."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "immich_host", "admin", *arguments,
        env={**os.environ, "IMMICH_HOST_DATABASE_URL": url or house.kernel.db.url},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate(typed.encode())
    return Ran(process.returncode or 0, out.decode(), err.decode())


async def login(house: RunningHost, password: str) -> int:
    credentials = {"email": "eve@host.test", "password": password}
    return (await house.anonymous().post("/api/auth/login", json=credentials)).status_code


async def test_listing_accounts(house: RunningHost) -> None:
    await house.client("eve")
    shown = await admin(house, "list-users")
    assert shown.status == 0
    assert "eve@host.test" in shown.out
    listed = orjson.loads((await admin(house, "list-users", "--json")).out)
    assert [(one["email"], one["isAdmin"], one["status"]) for one in listed] == [
        ("admin@host.test", True, "active"),
        ("eve@host.test", False, "active"),
    ]


async def test_resetting_a_password(house: RunningHost) -> None:
    eve = await house.client("eve")
    given = await admin(house, "reset-password", "EVE@host.test", "--password-stdin", typed="battery staple\n")
    assert given == Ran(0, "the password of EVE@host.test is set\n", "")
    assert await login(house, PASSWORD) == 401
    assert await login(house, "battery staple") == 201
    assert expect(await eve.get("/api/users/me"), 200)["shouldChangePassword"]
    made = await admin(house, "reset-password", "eve@host.test", "--generate")
    assert await login(house, made.out.rsplit(" ", 1)[-1].strip()) == 201
    short = await admin(house, "reset-password", "eve@host.test", "--password-stdin", typed="short\n")
    assert (short.status, short.err) == (2, "a password has 8 characters at least\n")
    assert (await admin(house, "reset-password", "eve@host.test", "--password-stdin", "--generate")).status == 2
    unknown = await admin(house, "reset-password", "nobody@host.test", "--generate")
    assert (unknown.status, unknown.err) == (1, "there is no account with the e-mail address nobody@host.test\n")


async def test_granting_and_revoking_holds_in_the_running_host(house: RunningHost) -> None:
    eve = await house.client("eve")
    expect(await eve.get("/api/admin/users"), 403)
    assert (await admin(house, "grant-admin", "eve@host.test")).status == 0
    await all_told(house.kernel.notices, house.kernel.db)
    expect(await eve.get("/api/admin/users"), 200)
    assert (await admin(house, "revoke-admin", "admin@host.test")).status == 0
    last = await admin(house, "revoke-admin", "eve@host.test")
    assert (last.status, last.err) == (1, "eve@host.test is the last administrator\n")


async def test_switching_password_login(house: RunningHost) -> None:
    await house.client("eve")
    for command, status in (("disable", 401), ("enable", 201)):
        assert (await admin(house, f"{command}-password-login")).status == 0
        async with asyncio.timeout(PATIENCE):
            while await login(house, PASSWORD) != status:  # the settings are read again after the notice
                continue


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://nobody@127.0.0.1:1/none", "the database cannot be used"),
        ("empty", "the database is empty: start the server once"),
    ],
)
async def test_no_usable_database(house: RunningHost, url: str, message: str) -> None:
    if url == "empty":
        await house.kernel.db.execute("CREATE DATABASE nothing_in_it")
        url = house.kernel.db.url.replace(house.kernel.db.url.split("/")[-1].split("?")[0], "nothing_in_it")
    ran = await admin(house, "list-users", url=url)
    assert ran.status == 1
    assert message in ran.err
    assert "Traceback" not in ran.err
