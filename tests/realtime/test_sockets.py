import asyncio
import sys
from hashlib import sha256

import aiohttp
import pytest
import socketio

from immich_host.realtime import sockets
from immich_host.realtime.push import Push
from immich_host.realtime.sockets import FAREWELL
from immich_host.testing.waiting import PATIENCE

VERSION = {"major": 3, "minor": 2, "patch": 2, "prerelease": None}


def bearer(person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.token}"}


async def test_the_version_comes_with_the_connection(processes, person, device):
    ada = await device(processes[0], bearer(await person("ada")))
    assert await ada.next() == ("on_server_version", VERSION)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer {}"},
        {"x-immich-user-token": "{}"},
        {"x-immich-session-token": "{}"},
        {"Cookie": "immich_access_token={}; immich_is_authenticated=true; immich_auth_type=password"},
    ],
)
async def test_every_way_to_show_a_session(processes, person, device, headers):
    ada = await person("ada")
    one = await device(processes[0], {name: value.format(ada.token) for name, value in headers.items()})
    await one.welcome()
    await processes[0].push.to_session(ada.session, "mine")
    assert await one.next() == ("mine",)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}, {"x-immich-share-key": "nonsense"}])
async def test_others_are_told_and_disconnected(processes, device, headers):
    one = await device(processes[0], headers)
    assert await one.next() == ("error", "unauthorized")
    await asyncio.wait_for(one.gone.wait(), PATIENCE)


async def test_a_refused_line_is_closed_by_the_server(processes):
    url = processes[0].url + "/api/socket.io/?EIO=4&transport=websocket"
    said: list[str] = []
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as line:
        await line.send_str("40")
        while not said or said[-1] != "1":  # Engine.IO's word for closing
            said.append(await line.receive_str(timeout=PATIENCE))
    assert any("unauthorized" in text for text in said)


async def test_the_query_string_is_not_read(processes, person, device):
    ada = await person("ada")
    one = await device(processes[0], {}, query=f"?sessionKey={ada.token}")
    assert await one.next() == ("error", "unauthorized")


async def test_only_websockets_are_spoken(processes, person):
    client = socketio.AsyncClient(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(
            processes[0].url, bearer(await person("ada")), transports=["polling"], socketio_path="/api/socket.io"
        )
    await client.disconnect()


async def test_rooms_hold_across_processes(processes, person, device):
    ada, bob = await person("ada"), await person("bob")
    phones = [await (await device(process, bearer(ada))).welcome() for process in processes]
    other = await (await device(processes[1], bearer(bob))).welcome()
    await processes[0].push.to_user(ada.id, "for_ada", {"n": 1}, [2])
    await processes[1].push.to_everyone("for_all")
    for phone in phones:
        assert await phone.next() == ("for_ada", {"n": 1}, [2])
        assert await phone.next() == ("for_all",)
    assert await other.next() == ("for_all",)


async def test_what_is_for_everyone_is_not_for_the_refused(processes, person, device):
    ada = await (await device(processes[0], bearer(await person("ada")))).welcome()
    stranger = await device(processes[0], {})
    await processes[0].push.to_everyone("secret")
    assert await ada.next() == ("secret",)
    assert await stranger.next() == ("error", "unauthorized")
    assert stranger.said.empty()


async def test_settings_that_change_are_told_to_the_clients_of_the_process(processes, person, device):
    ada = await person("ada")
    here, there = [await (await device(process, bearer(ada))).welcome() for process in processes]
    await processes[0].sockets.settings_changed(frozenset())
    assert await here.next() == ("on_config_update",)
    await processes[0].push.to_user(ada.id, "end")
    assert await there.next() == ("end",)


async def test_plugins_that_are_switched_are_told_to_the_clients_of_the_process(processes, person, device):
    ada = await (await device(processes[0], bearer(await person("ada")))).welcome()
    await processes[0].sockets.plugins_switched({"tea": "disabled"})
    assert await ada.next() == ("on_plugin_update", {"name": "tea", "status": "disabled"})


@pytest.mark.parametrize("what", ["session", "user"])
async def test_a_connection_ends_with_its_credentials(processes, person, device, db, what, monkeypatch):
    monkeypatch.setattr(sockets, "FAREWELL", 3.0)  # enough for the last word, however slow the machine is
    ada, bob = await person("ada"), await person("bob")
    doomed = await (await device(processes[0], bearer(ada))).welcome()
    other = await (await device(processes[0], bearer(bob))).welcome()
    row = ada.session if what == "session" else ada.id
    await db.execute(f'DELETE FROM "{what}" WHERE id = $1', row)
    await processes[0].push.to_session(ada.session, "on_session_delete", str(ada.session))
    assert await doomed.next() == ("on_session_delete", str(ada.session))
    await asyncio.wait_for(doomed.gone.wait(), PATIENCE)
    assert other.client.connected


async def test_a_touched_session_stays(processes, person, device, db):
    ada = await person("ada")
    one = await (await device(processes[0], bearer(ada))).welcome()
    await db.execute("UPDATE session SET device_os = 'x' WHERE id = $1", ada.session)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(one.gone.wait(), 2 * FAREWELL)
    assert one.client.connected


async def test_an_api_key_connects_too(processes, person, device, db):
    ada = await person("ada")
    await db.execute(
        "INSERT INTO api_key (name, key, user_id) VALUES ('k', $1, $2)", sha256(b"secret").digest(), ada.id
    )
    one = await (await device(processes[0], {"x-api-key": "secret"})).welcome()
    await db.execute("DELETE FROM api_key WHERE user_id = $1", ada.id)
    await asyncio.wait_for(one.gone.wait(), PATIENCE)


async def test_a_process_without_sockets_reaches_clients(processes, person, device, servers):
    ada = await person("ada")
    one = await (await device(processes[0], bearer(ada))).welcome()
    code = f"""
import asyncio, uuid
from immich_host.realtime.push import Push
async def main():
    push = Push({servers.redis_url!r})
    await push.to_user(uuid.UUID({str(ada.id)!r}), "from_a_worker", 1)
    await push.close()
asyncio.run(main())
"""
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await worker.wait() == 0
    assert await one.next() == ("from_a_worker", 1)


async def test_without_redis_an_event_is_lost_and_nothing_else():
    push = Push("redis://127.0.0.1:1")
    await push.to_everyone("nobody_hears")
    await push.close()


async def test_a_worker_does_not_load_the_socket_library():
    code = "import sys, immich_host.realtime.push, immich_host.realtime.listeners; print('socketio' in sys.modules)"
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert (await worker.communicate())[0].strip() == b"False"


async def test_only_administrators_who_may_read_jobs_hear_of_them(processes, person, device, db):
    line = processes[0].sockets
    boss, ada = await person("boss"), await person("ada")
    await db.execute('UPDATE "user" SET is_admin = true WHERE id = $1', boss.id)
    for name, rights in (("unfit", ["asset.read"]), ("fit", ["queueJob.read"])):
        await db.execute(
            "INSERT INTO api_key (name, key, user_id, permissions) VALUES ($1, $2, $3, $4)",
            name, sha256(name.encode()).digest(), boss.id, rights,
        )  # fmt: skip
    devices = {
        "ada": await (await device(processes[0], bearer(ada))).welcome(),
        "unfit": await (await device(processes[0], {"x-api-key": "unfit"})).welcome(),
    }
    assert not line.has_job_watchers
    devices["boss"] = await (await device(processes[0], bearer(boss))).welcome()
    devices["fit"] = await (await device(processes[0], {"x-api-key": "fit"})).welcome()
    assert (line.has_job_watchers, line.job_watchers_joined) == (True, 2)
    await line.tell_job_watchers_here("on_queue_update", [])
    await line.tell_here("last")
    heard = {name: await one.next() for name, one in devices.items()}
    assert heard == {
        "ada": ("last",), "unfit": ("last",), "boss": ("on_queue_update", []), "fit": ("on_queue_update", [])
    }  # fmt: skip
    await db.execute('UPDATE "user" SET is_admin = false WHERE id = $1', boss.id)
    await asyncio.wait_for(devices["boss"].gone.wait(), PATIENCE)
    await asyncio.wait_for(devices["fit"].gone.wait(), PATIENCE)
    assert not line.has_job_watchers
    assert not devices["ada"].gone.is_set()
