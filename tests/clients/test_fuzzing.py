"""Schemathesis against our own OpenAPI document: whatever is asked, no server error, and answers as described."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from immich_host.testing.host import expect
from immich_host.testing.waiting import PATIENCE
from tests.clients.people import PASSWORD, Person, sign_in
from tests.clients.pictures import picture
from tests.clients.served import ServedHost

pytestmark = pytest.mark.timeout(600)

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LEFT_OUT = (
    *("signUpAdmin", "logout", "changePassword", "deleteAllSessions"),  # they would end the run's own session
    # they would install, remove or switch what is tested, or fetch models
    *("installPlugin", "tryPlugin", "uninstallPlugin", "switchInstalledPlugin", "purgeInstalledPlugin"),
    *("updateInstalledPluginSettings", "downloadModel", "removeModel"),
    "getSyncStream",  # lines of JSON, which it takes for one; the phone's test checks each of them
    "getSearchSuggestions",  # null is in its list where clients want it (`includeNull`); the contract knows none
)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHost]:
    """A server of its own: settings, queues and accounts are changed at random."""
    running = ServedHost(tmp_path_factory.mktemp("fuzzed") / "data")
    yield running
    code = running.stop()
    assert code == 0
    assert running.complaints() == []


@pytest.fixture(scope="module")
async def owner(fuzzed: ServedHost) -> AsyncIterator[Person]:
    account = {"email": "admin@host.test", "password": PASSWORD, "name": "Admin"}
    async with httpx.AsyncClient(base_url=fuzzed.url, timeout=PATIENCE) as anonymous:
        expect(await anonymous.post("/api/auth/admin-sign-up", json=account), 201)
    person = await sign_in(fuzzed.url, account["email"])
    for number in range(3):
        dates = {"fileCreatedAt": "2024-05-01T10:00:00Z", "fileModifiedAt": "2024-05-01T10:00:00Z"}
        files = {"assetData": (f"{number}.jpg", picture())}
        expect(await person.http.post("/api/assets", data=dates, files=files), 201)
    yield person
    await person.http.aclose()


@pytest.mark.parametrize(("phase", "mode"), [("coverage", "positive"), ("fuzzing", "all")])
async def test_no_request_makes_an_error_and_every_answer_is_as_described(
    fuzzed: ServedHost, owner: Person, tmp_path: Path, phase: str, mode: str
) -> None:
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{fuzzed.url}/api/openapi.json"),
        *("--url", f"{fuzzed.url}/api", "--header", f"Authorization: Bearer {owner.token}"),
        *("--checks", CHECKS, "--mode", mode, "--phases", phase, "--max-examples", "5", "--seed", "20261129"),
        *("--continue-on-failure", "--no-shrink", "--warnings", "off", "--suppress-health-check", "all"),
    ]
    for name in LEFT_OUT:
        command += ["--exclude-operation-id", name]
    running = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=tmp_path
    )
    said, _ = await running.communicate()
    assert running.returncode == 0, said.decode()[-20_000:]
    expect(await owner.http.get("/api/users/me"), 200)
