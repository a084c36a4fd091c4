"""Deliveries by a real host to a real HTTP server."""

import asyncio

import pytest

from immich_webhooks.settings import Webhooks

ENDPOINTS = "/api/plugins/webhooks/endpoints"


@pytest.fixture
async def running(host):
    return await host(plugins=["webhooks"])


async def make(running, url: str, user: str = "admin", **body):
    client = await running.client(user)
    answer = await client.post(ENDPOINTS, json={"url": url, **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def log(running, endpoint, user: str = "admin"):
    client = await running.client(user)
    answer = await client.get(f"{ENDPOINTS}/{endpoint['id']}/deliveries")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_facts_arrive_signed(running, receiver):
    endpoint = await make(running, receiver.url, facts=["asset_created", "asset_trashed"])
    asset_id = await running.upload(b"one")
    await running.drain()
    client = await running.client()
    await client.request("DELETE", "/api/assets", json={"ids": [str(asset_id)]})
    await running.drain()
    created, trashed = receiver.genuine(endpoint["secret"])
    assert created["fact"] == receiver.requests[0][0]["x-webhook-fact"] == "asset_created"
    owner = str(await running.user_id())
    assert created["data"] == {"ownerId": owner, "assetId": str(asset_id), "cause": "upload"}
    assert trashed["data"] == {"ownerId": owner, "assetIds": [str(asset_id)]}
    first, second = reversed(await log(running, endpoint))
    assert (first["status"], first["attempts"], first["answerStatus"], first["error"]) == ("delivered", 1, 200, None)
    assert first["payload"] == created
    assert {first["id"], second["id"]} == {headers["x-webhook-id"] for headers, _ in receiver.requests}


async def test_an_endpoint_that_fails_is_tried_again(running, receiver):
    receiver.answers = [500, 302, 503]
    endpoint = await make(running, receiver.url, facts=["asset_created"])
    await running.upload(b"one")
    await running.drain()
    assert len(receiver.genuine(endpoint["secret"])) == 4
    assert len({headers["x-webhook-id"] for headers, _ in receiver.requests}) == 1
    assert len({body for _, body in receiver.requests}) == 1
    (delivery,) = await log(running, endpoint)
    assert (delivery["status"], delivery["attempts"]) == ("delivered", 4)


async def test_pauses_grow(running, receiver):
    receiver.answers = [500, 500]
    await running.configure(Webhooks(first_pause_seconds=100))
    endpoint = await make(running, receiver.url, facts=["asset_created"])
    await running.upload(b"one")
    await running.kernel.job_room.outbox.settle()
    pauses = []
    waiting = "SELECT id, extract(epoch FROM run_at - now())::float AS pause FROM job_request WHERE job = $1"
    for _ in range(3):
        row = await running.kernel.db.fetchrow(waiting, "webhooks.deliver")
        pauses.append(round(row["pause"], -1))
        await running.kernel.db.execute("UPDATE job_request SET run_at = now()")
        await running.kernel.job_room.executor.execute(row["id"])
    assert pauses == [0, 100, 400]
    assert (await log(running, endpoint))[0]["status"] == "delivered"


async def test_it_gives_up_and_is_asked_again(running, receiver):
    receiver.answers = [500, 500, 500]
    await running.configure(Webhooks(attempts=3, first_pause_seconds=0))
    endpoint = await make(running, receiver.url, facts=["asset_created"])
    await running.upload(b"one")
    await running.drain()
    (delivery,) = await log(running, endpoint)
    assert (delivery["status"], delivery["attempts"], delivery["error"]) == ("failed", 3, "answered 500")
    client = await running.client()
    assert (await client.post(f"/api/plugins/webhooks/deliveries/{delivery['id']}/retry")).status_code == 202
    await running.drain()
    assert (await log(running, endpoint))[0]["status"] == "delivered"
    assert len(receiver.requests) == 4


async def test_gone_is_not_tried_again(running, receiver):
    receiver.answers = [410]
    endpoint = await make(running, receiver.url, facts=["asset_created"])
    await running.upload(b"one")
    await running.drain()
    assert (await log(running, endpoint))[0]["status"] == "failed"
    assert len(receiver.requests) == 1


async def test_one_that_hangs_and_one_that_is_not_there(running, receiver):
    receiver.hold = asyncio.Event()
    await running.configure(Webhooks(timeout_seconds=0.3, attempts=1))
    slow = await make(running, receiver.url, facts=["asset_created"])
    absent = await make(running, "http://127.0.0.1:9", facts=["asset_created"])
    await running.upload(b"one")
    await running.drain()
    (delivery,) = await log(running, slow)
    assert (delivery["status"], delivery["error"]) == ("failed", "no answer within 0.3 s")
    assert 250 < delivery["milliseconds"] < 5000
    (delivery,) = await log(running, absent)
    assert (delivery["status"], delivery["answerStatus"]) == ("failed", None)
    assert "ConnectError" in delivery["error"]


async def test_a_run_twice_delivers_once(running, receiver):
    endpoint = await make(running, receiver.url, facts=["asset_created"])
    await running.upload(b"one")
    await running.drain()
    (delivery,) = await log(running, endpoint)
    await running.kernel.jobs.request("webhooks.deliver", delivery_id=delivery["id"])
    await running.drain()
    assert len(receiver.requests) == 1


async def test_people_hear_of_their_own_photos_only(running, receiver):
    await running.configure(Webhooks(private_networks=True))
    ann = await make(running, f"{receiver.url}/ann", "ann", facts=["asset_created"])
    everyone = await make(running, f"{receiver.url}/all", facts=["asset_created"], allUsers=True)
    await running.upload(b"one", user="ann")
    await running.upload(b"two", user="ben")
    await running.drain()
    assert len(await log(running, ann, "ann")) == 1
    assert len(await log(running, everyone)) == 2
    assert await log(running, ann, "ben") == []
    ben = await running.client("ben")
    assert (await ben.get(ENDPOINTS)).json() == []
    for method, path, body in (
        ("PUT", f"{ENDPOINTS}/{ann['id']}", {"isEnabled": False}),
        ("DELETE", f"{ENDPOINTS}/{ann['id']}", None),
        ("POST", f"{ENDPOINTS}/{ann['id']}/test", None),
        ("POST", f"/api/plugins/webhooks/deliveries/{(await log(running, ann, 'ann'))[0]['id']}/retry", None),
    ):
        assert (await ben.request(method, path, json=body)).status_code == 404, path
    refused = await ben.post(ENDPOINTS, json={"url": receiver.url, "allUsers": True})
    assert refused.status_code == 403


async def test_people_cannot_reach_into_the_servers_network(running, receiver):
    client = await running.client("ann")
    answer = await client.post(ENDPOINTS, json={"url": receiver.url})
    assert (answer.status_code, answer.json()["message"]) == (400, "The host 127.0.0.1 is in a private network")
    # allowed once, forbidden later: looked at again with each try
    await running.configure(Webhooks(private_networks=True))
    endpoint = await make(running, receiver.url, "ann", facts=["asset_created"])
    await running.configure(Webhooks(private_networks=False))
    await running.upload(b"one", user="ann")
    await running.drain()
    assert receiver.requests == []
    (delivery,) = await log(running, endpoint, "ann")
    assert (delivery["status"], delivery["attempts"]) == ("failed", 1)


async def test_changing_testing_and_removing(running, receiver):
    endpoint = await make(running, "http://127.0.0.1:9", facts=["asset_created"])
    client = await running.client()
    path = f"{ENDPOINTS}/{endpoint['id']}"
    changed = await client.put(path, json={"url": receiver.url, "newSecret": True, "facts": ["asset_deleted"]})
    assert (changed.status_code, changed.json()["url"]) == (200, receiver.url)
    secret = changed.json()["secret"]
    assert secret not in {None, endpoint["secret"]}
    assert (await client.post(f"{path}/test")).status_code == 202
    await running.upload(b"one")
    await running.drain()
    (body,) = receiver.genuine(secret)
    assert body["fact"] == "test"
    assert "secret" not in str((await client.get(ENDPOINTS)).json()[0].get("secret") or "")
    assert (await client.put(path, json={"isEnabled": False})).json()["isEnabled"] is False
    await client.post(f"{path}/test")
    await running.drain()
    assert [each["status"] for each in await log(running, endpoint)] == ["failed", "delivered"]
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(ENDPOINTS)).json() == []
    assert await running.kernel.db.fetchval("SELECT count(*) FROM webhooks_delivery") == 0


@pytest.mark.parametrize(
    "body", [{}, {"url": "nowhere"}, {"url": "http://8.8.8.8", "facts": []}, {"url": "http://8.8.8.8", "facts": ["x"]}]
)
async def test_what_is_no_endpoint(running, body):
    client = await running.client()
    assert (await client.post(ENDPOINTS, json=body)).status_code == 400


async def test_the_log_forgets_what_is_old_and_over(running, receiver):
    endpoint = await make(running, receiver.url, facts=["asset_created"])
    await running.upload(b"one")
    await running.upload(b"two")
    await running.drain()
    old = (await log(running, endpoint))[0]["id"]
    await running.kernel.db.execute(
        "UPDATE webhooks_delivery SET tried_at = now() - interval '8 days' WHERE id = $1", old
    )
    await running.kernel.jobs.request("webhooks.tidy")
    await running.drain()
    assert old not in {each["id"] for each in await log(running, endpoint)}
    assert len(await log(running, endpoint)) == 1


async def test_off_sends_nothing_and_on_goes_on(running, receiver):
    endpoint = await make(running, receiver.url, facts=["asset_created"])
    await running.turn_off("webhooks")
    await running.upload(b"one")
    await running.drain()
    client = await running.client()
    assert (await client.get(ENDPOINTS)).status_code == 404
    await running.turn_on("webhooks")
    await running.upload(b"two")
    await running.drain()
    assert len(receiver.genuine(endpoint["secret"])) == 1
