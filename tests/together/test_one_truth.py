"""What one process changes, or somebody with SQL, soon holds in all the others."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from immich_host.testing.host import expect
from tests.clients.people import Listener
from tests.together.eyes import HOLDS_WITHIN, Eyes
from tests.together.making import picture
from tests.together.served import Person, Served, until

ME = "/api/users/me"


@pytest_asyncio.fixture(loop_scope="session")
async def eyes(served: Served) -> AsyncIterator[Eyes]:
    async with Eyes(served) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def person(served: Served, admin: Person, request: pytest.FixtureRequest) -> Person:
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
    return await Person.make(served, name, admin)


def status(*wanted: int):
    def seen(answer: httpx.Response) -> bool:
        return answer.status_code in wanted

    return seen


def bearer(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.token}"}


async def everyone_knows(eyes: Eyes, headers: dict[str, str], path: str = ME) -> None:
    """Ask all processes, so that all hold it in memory."""
    for client in eyes.of.values():
        assert (await client.get(path, headers=headers)).status_code == 200


@pytest.mark.parametrize("how", ["logout", "delete", "sql"])
async def test_a_session_ends_everywhere(eyes: Eyes, served: Served, person: Person, how: str) -> None:
    headers = bearer(person)
    await everyone_knows(eyes, headers)
    if how == "logout":
        expect(await eyes.first.post("/api/auth/logout", headers=headers), 200)
    elif how == "delete":
        own = await person.get("/sessions")
        await person.sign_in()
        expect(await eyes.first.delete(f"/api/sessions/{own[0]['id']}", headers=bearer(person)), 204)
    else:
        await served.sql("DELETE FROM session WHERE user_id = $1::uuid", person.id)
    await eyes.all_see(ME, status(401), **headers)


@pytest.mark.parametrize("how", ["api", "sql", "erased"])
async def test_a_user_is_gone_everywhere(eyes: Eyes, served: Served, admin: Person, person: Person, how: str) -> None:
    await everyone_knows(eyes, bearer(person))
    if how == "api":
        path = f"/api/admin/users/{person.id}"
        expect(await eyes.first.request("DELETE", path, headers=bearer(admin), json={}), 200)
    elif how == "sql":
        await served.sql('UPDATE "user" SET deleted_at = now() WHERE id = $1::uuid', person.id)
    else:
        await served.sql('DELETE FROM "user" WHERE id = $1::uuid', person.id)
    await eyes.all_see(ME, status(401), **bearer(person))


@pytest.mark.parametrize("how", ["api", "sql"])
async def test_a_key_loses_a_permission_everywhere(eyes: Eyes, served: Served, person: Person, how: str) -> None:
    made = expect(
        await eyes.first.post("/api/api-keys", json={"name": "k", "permissions": ["all"]}, headers=bearer(person)), 201
    )
    headers, key_id = {"x-api-key": made["secret"]}, made["apiKey"]["id"]
    await everyone_knows(eyes, headers)
    if how == "api":
        change = {"name": "k", "permissions": ["asset.upload"]}
        expect(await eyes.first.put(f"/api/api-keys/{key_id}", json=change, headers=bearer(person)), 200)
    else:
        await served.sql("UPDATE api_key SET permissions = '{asset.upload}' WHERE id = $1::uuid", key_id)
    await eyes.all_see(ME, status(403), **headers)
    await served.sql("DELETE FROM api_key WHERE id = $1::uuid", key_id)
    await eyes.all_see(ME, status(401), **headers)


async def test_an_admin_is_one_no_more_everywhere(eyes: Eyes, served: Served, person: Person) -> None:
    path = "/api/admin/users"
    await eyes.all_see(path, status(403), **bearer(person))
    await served.sql('UPDATE "user" SET is_admin = true WHERE id = $1::uuid', person.id)
    await eyes.all_see(path, status(200), **bearer(person))
    await served.sql('UPDATE "user" SET is_admin = false WHERE id = $1::uuid', person.id)
    await eyes.all_see(path, status(403), **bearer(person))


async def test_the_configuration_changes_everywhere(eyes: Eyes, served: Served, admin: Person) -> None:
    path = "/api/server/config"
    document = expect(await eyes.first.get("/api/system-config", headers=bearer(admin)), 200)
    document["trash"]["days"] = 12
    expect(await eyes.first.put("/api/system-config", json=document, headers=bearer(admin)), 200)
    await eyes.all_see(path, lambda answer: answer.json()["trashDays"] == 12)
    await served.sql("""UPDATE system_metadata SET value = '{"trash": {"days": 3}}' WHERE key = 'system-config'""")
    await eyes.all_see(path, lambda answer: answer.json()["trashDays"] == 3)
    await served.sql("DELETE FROM system_metadata WHERE key = 'system-config'")
    await eyes.all_see(path, lambda answer: answer.json()["trashDays"] == 30)


@pytest.mark.parametrize("how", ["api", "sql"])
async def test_a_paused_queue_waits_in_all_workers(
    eyes: Eyes, served: Served, admin: Person, person: Person, how: str
) -> None:
    queue = "/api/queues/thumbnailGeneration"
    if how == "api":
        expect(await eyes.first.put(queue, json={"isPaused": True}, headers=bearer(admin)), 200)
    else:
        await served.pause("thumbnailGeneration")
    await eyes.all_see(queue, lambda answer: answer.json()["isPaused"], **bearer(admin))
    await served.paused("thumbnailGeneration")
    for number in range(4):
        expect(await person.upload(picture(), f"{number}.jpg"), 201)

    async def paused() -> int:
        return (await admin.get("/queues/thumbnailGeneration"))["statistics"]["paused"]

    async def all_wait() -> bool:
        return await paused() == 4 and await served.unfinished() == 4

    await until(all_wait)
    await asyncio.sleep(0.3)
    assert await paused() == 4
    if how == "api":
        expect(await eyes.first.put(queue, json={"isPaused": False}, headers=bearer(admin)), 200)
    else:
        await served.resume("thumbnailGeneration")

    async def all_are_shown() -> bool:
        sql = "SELECT bool_and(thumbhash IS NOT NULL) AS so FROM asset WHERE owner_id = $1::uuid"
        [row] = await served.sql(sql, person.id)
        return row["so"]

    await until(all_are_shown, HOLDS_WITHIN)
    await served.idle()


async def test_a_plugin_goes_off_and_on_everywhere(eyes: Eyes, served: Served) -> None:
    path = "/api/server/features"
    for is_enabled in (False, True):
        await served.sql(
            """INSERT INTO plugin_state (name, is_enabled) VALUES ('sidecar', $1)
               ON CONFLICT (name) DO UPDATE SET is_enabled = EXCLUDED.is_enabled""",
            is_enabled,
        )
        await eyes.all_see(path, lambda answer, wanted=is_enabled: answer.json()["sidecar"] is wanted)


async def test_a_picture_is_refused_everywhere_when_its_photo_is_locked_or_gone(
    eyes: Eyes, served: Served, person: Person
) -> None:
    asset_id = expect(await person.upload(picture()), 201)["id"]
    await served.idle()
    path = f"/api/assets/{asset_id}/thumbnail"
    for _ in range(2):
        await everyone_knows(eyes, bearer(person), path)
    await served.sql("UPDATE asset SET visibility = 'locked' WHERE id = $1::uuid", asset_id)
    await eyes.all_see(path, status(400, 401, 403), **bearer(person))
    await served.sql("UPDATE asset SET visibility = 'timeline' WHERE id = $1::uuid", asset_id)
    await eyes.all_see(path, status(200), **bearer(person))
    await served.sql("DELETE FROM asset WHERE id = $1::uuid", asset_id)
    await eyes.all_see(path, status(400, 404), **bearer(person))


async def test_every_window_is_told_of_every_upload(eyes: Eyes, served: Served, person: Person) -> None:
    windows = [await Listener.connect(served.url, bearer(person)) for _ in range(4)]
    ids = set()
    for client in eyes.of.values():
        client.headers["Authorization"] = f"Bearer {person.token}"
        ids.add(expect(await person.upload(picture(), client=client), 201)["id"])
        del client.headers["Authorization"]
    for window in windows:
        assert {one["id"] for one in await window.wait("on_upload_success", len(ids))} == ids
        assert {one["asset"]["id"] for one in await window.wait("AssetUploadReadyV2", len(ids))} == ids
        assert all(one["thumbhash"] for one in window.of("on_upload_success"))
        await window.socket.disconnect()
    await served.idle()


async def test_equal_uploads_by_all_processes_become_one(eyes: Eyes, served: Served, person: Person) -> None:
    content = picture(size=(1200, 900))
    clients = list(eyes.of.values())
    for client in clients:
        client.headers["Authorization"] = f"Bearer {person.token}"
    extra = [person.client() for _ in range(4)]
    answers = await asyncio.gather(*(person.upload(content, client=client) for client in (*clients, *extra)))
    for client in extra:
        await client.aclose()
    for client in clients:
        del client.headers["Authorization"]
    assert sorted(answer.status_code for answer in answers) == [200] * (len(answers) - 1) + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert {answer.json()["status"] for answer in answers if answer.status_code == 200} == {"duplicate"}
    media = served.folder / "media"
    assert len([path for path in (media / "upload" / person.id).rglob("*") if path.is_file()]) == 1
    assert [path for path in (media / "incoming").rglob("*") if path.suffix in {".part", ".placing"}] == []
    [row] = await served.sql('SELECT quota_usage_in_bytes AS used FROM "user" WHERE id = $1::uuid', person.id)
    assert row["used"] == len(content)
    await served.idle()
