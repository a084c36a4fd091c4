"""kill -9, wherever it hurts: nothing is lost, nothing is left over, and all ends as if nothing had been."""

import asyncio
import contextlib
import os
from typing import Any

import httpx
import pytest
import pytest_asyncio
import redis.asyncio

from immich_host.testing.host import MOMENT, expect
from immich_host.testing.waiting import PATIENCE
from tests.together.eyes import owner_of_connection
from tests.together.library import check_no_stray_files, make_library, state_of, upload_all
from tests.together.making import camera_exif, clip, picture
from tests.together.served import Person, Served, until

pytestmark = pytest.mark.timeout(600)
XMP = b"""<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
<rdf:Description rdf:about='' xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating='5'/></rdf:RDF></x:xmpmeta>"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, programs: None) -> dict[str, bytes]:
    return make_library(tmp_path_factory.mktemp("library"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def calm(served: Served, admin: Person, library: dict[str, bytes]) -> dict[str, Any]:
    """How the library ends when nobody disturbs it."""
    person = await Person.make(served, "calm", admin)
    await upload_all(person, library)
    await served.idle()
    return await state_of(served, person)


@pytest_asyncio.fixture(loop_scope="session")
async def person(served: Served, admin: Person, request: pytest.FixtureRequest) -> Person:
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
    return await Person.make(served, name, admin)


async def restarted(served: Served, what: str, *old: int) -> list[int]:
    """The processes that the supervisor has started in place of killed ones."""

    async def there() -> list[int]:
        now = [one for one in served.pids(what) if one not in old]
        return now if len(now) >= len(old) else []

    return await until(there)


def upload_head(person: Person, length: int) -> bytes:
    """The beginning of an upload of so many bytes, by hand."""
    part = 'Content-Disposition: form-data; name="{}"\r\n\r\n{}\r\n--cut\r\n'
    body = "--cut\r\n" + part.format("fileCreatedAt", MOMENT) + part.format("fileModifiedAt", MOMENT)
    body += 'Content-Disposition: form-data; name="assetData"; filename="cut.jpg"\r\n\r\n'
    whole = len(body) + length + len("\r\n--cut--\r\n")
    head = f"POST /api/assets HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {person.token}\r\n"
    head += f"Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: {whole}\r\n\r\n"
    return (head + body).encode()


async def test_an_api_process_dies_while_it_receives(served: Served, person: Person) -> None:
    content = picture() + os.urandom(3_000_000)  # decoders read no further than the picture's end
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(upload_head(person, len(content)) + content[: len(content) // 2])
    await writer.drain()
    incoming = served.folder / "media" / "incoming"

    async def half_there() -> bool:
        return any(path.stat().st_size for path in incoming.rglob("*.part"))

    await until(half_there)
    before = served.pids("immich_host api")
    owner = owner_of_connection(served.port, writer.get_extra_info("sockname")[1], set(before))
    assert owner is not None
    served.kill(owner)
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    await restarted(served, "immich_host api", owner)

    async def cleaned() -> bool:
        return not list(incoming.rglob("*.part"))

    await until(cleaned)
    await check_no_stray_files(served, person)
    assert expect(await person.upload(content, "cut.jpg"), 201)["status"] == "created"
    await served.idle()
    await check_no_stray_files(served, person)


async def test_an_api_process_dies_between_the_file_and_its_row(served: Served, person: Person) -> None:
    content = picture()
    holder = await served.connect()
    begun = holder.transaction()
    await begun.start()
    await holder.execute('SELECT FROM "user" WHERE id = $1::uuid FOR UPDATE', person.id)
    sending = asyncio.create_task(person.upload(content, "placed.jpg"))
    incoming = served.folder / "media" / "incoming"

    async def placed() -> list[Any]:
        return list(incoming.rglob("*.placing"))

    [marker] = await until(placed)
    all_api = served.pids("immich_host api")
    served.kill(*all_api)  # one of them holds the upload
    with pytest.raises(httpx.HTTPError):
        await sending
    await begun.rollback()
    await holder.close()
    await restarted(served, "immich_host api", *all_api)

    async def cleaned() -> bool:
        return not marker.exists()

    await until(cleaned)
    await check_no_stray_files(served, person)
    assert await served.sql("SELECT FROM asset WHERE owner_id = $1::uuid", person.id) == []
    expect(await person.upload(content, "placed.jpg"), 201)
    await served.idle()
    await check_no_stray_files(served, person)


QUEUES = ("sidecar", "metadataExtraction", "thumbnailGeneration")


async def waiting(served: Served, job: str, amount: int) -> None:
    async def there() -> bool:
        rows = await served.sql("SELECT FROM job_request WHERE job = $1 AND started_at IS NULL", job)
        return len(rows) == amount

    await until(there)


class Held:
    """Rows that a job needs are held, so that it stays in the middle of its work."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def hold(self, asset_id: str, table: str = "asset", key: str = "id") -> None:
        await self.connection.execute(f"SELECT FROM {table} WHERE {key} = $1::uuid FOR UPDATE", asset_id)


async def every_job(served: Served, person: Person, contents: dict[str, bytes], held: Held | None) -> None:
    """Bring one photo into each job; with `held` all of them stay in it."""

    async def hold(*arguments: str) -> None:
        if held is not None:
            await held.hold(*arguments)

    ids = await upload_all(person, {"edit.jpg": contents["edit.jpg"]})
    await served.idle()
    await served.pause(*QUEUES)
    ids |= await upload_all(person, {name: contents[name] for name in ("meta.jpg", "thumb.jpg", "clip.mp4")})
    await served.resume("sidecar")
    await waiting(served, "metadata.extract", 3)
    await served.pause("sidecar")
    ids |= await upload_all(person, {"side.jpg": contents["side.jpg"]})
    asset = await person.get(f"/assets/{ids['side.jpg']}")
    (served.folder / "media").joinpath(asset["originalPath"] + ".xmp").write_bytes(XMP)
    async with person.client() as client:
        expect(await client.put(f"/api/assets/{ids['edit.jpg']}", json={"description": "mine", "rating": 2}), 200)
    await hold(ids["meta.jpg"])
    await served.resume("metadataExtraction")
    await waiting(served, "thumbnails.generate", 2 if held else 3)
    for name in ("thumb.jpg", "clip.mp4", "side.jpg"):
        await hold(ids[name])
    await hold(ids["edit.jpg"], "asset_exif", "asset_id")
    await served.resume(*QUEUES)


async def test_workers_die_in_the_middle_of_every_job(
    served: Served, admin: Person, person: Person, tmp_path: Any
) -> None:
    contents = {name: picture(exif=camera_exif()) for name in ("edit.jpg", "meta.jpg", "thumb.jpg", "side.jpg")}
    contents["clip.mp4"] = clip(tmp_path, "killed.mp4").read_bytes()
    undisturbed = await Person.make(served, "undisturbed", admin)
    await every_job(served, undisturbed, contents, None)
    await served.idle()
    holder = await served.connect()
    begun = holder.transaction()
    await begun.start()
    await every_job(served, person, contents, Held(holder))

    async def all_stand() -> bool:
        [row] = await served.sql("SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return row["n"] >= 5

    await until(all_stand)
    workers = served.pids("immich_host work")
    assert len(workers) == 2
    served.kill(*workers)

    async def run_again() -> bool:
        rows = await served.sql("SELECT job FROM job_request WHERE attempts = 2 AND started_at IS NOT NULL")
        return len(rows) >= 5  # and what the clock has begun

    await until(run_again, 3 * PATIENCE)  # one after the other, as each may have been the reason
    await begun.rollback()
    await holder.close()
    await served.idle()
    assert await state_of(served, person) == await state_of(served, undisturbed)
    await check_no_stray_files(served, person)


async def test_valkey_dies(served: Served, person: Person, library: dict[str, bytes], calm: dict[str, Any]) -> None:
    names = list(library)
    await upload_all(person, {name: library[name] for name in names[:4]})
    old = served.pids("valkey-server")
    served.kill(*old)
    await upload_all(person, {name: library[name] for name in names[4:]})
    await restarted(served, "valkey-server", *old)
    await served.idle()
    assert await state_of(served, person) == calm


async def test_valkey_is_emptied(
    served: Served, person: Person, library: dict[str, bytes], calm: dict[str, Any]
) -> None:
    await upload_all(person, library)
    async with redis.asyncio.Redis.from_url(served.redis_url) as client:
        await client.flushall()
    await served.idle()
    assert await state_of(served, person) == calm


async def upload_stubbornly(person: Person, library: dict[str, bytes]) -> None:
    """As the app does: what was not taken is sent again, until it is."""

    async def send(name: str, content: bytes) -> None:
        async def taken() -> bool:
            try:
                answer = await person.upload(content, name)
            except httpx.HTTPError:
                return False
            assert answer.status_code in {200, 201} or answer.status_code >= 500, answer.text
            return answer.status_code in {200, 201}

        await until(taken)

    await asyncio.gather(*(send(name, content) for name, content in library.items()))


async def test_postgres_dies(served: Served, person: Person, library: dict[str, bytes], calm: dict[str, Any]) -> None:
    sending = asyncio.create_task(upload_stubbornly(person, library))
    await asyncio.sleep(0.1)
    old = served.pids("bin/postgres -D")
    served.kill(*old)
    await sending
    await served.idle()
    assert await state_of(served, person) == calm
    await check_no_stray_files(served, person)


async def test_who_needs_the_database_waits_for_it(served: Served, admin: Person) -> None:
    said = len(served.said)
    both = [*served.pids("immich_host api"), *served.pids("immich_host work")]
    served.kill(*served.pids("bin/postgres -D"), *both)

    async def answers() -> bool:
        try:
            return bool(await admin.get("/users/me"))
        except (httpx.HTTPError, AssertionError):
            return False

    await until(answers)
    await restarted(served, "immich_host work", *both[2:])
    assert [line for line in served.said[said:] if "exit code" in line] == []


@pytest.mark.parametrize("what", ["everything", "supervisor"])
async def test_the_machine_goes_dark(
    served: Served, person: Person, library: dict[str, bytes], calm: dict[str, Any], what: str
) -> None:
    await upload_all(person, library)
    under = served.descendants()
    if what == "everything":
        served.kill_everything()
    else:
        served.kill(served.process.pid)
        served.stop()
    served.start()
    assert not set(under) & set(served.descendants())
    await served.idle()
    assert await state_of(served, person) == calm
    await check_no_stray_files(served, person)


async def test_nothing_has_failed_for_good(served: Served) -> None:
    rows = await served.sql("SELECT job, arguments, error FROM job_request WHERE failed_at IS NOT NULL")
    assert [dict(row) for row in rows] == []
