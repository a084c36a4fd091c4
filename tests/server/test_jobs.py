"""Routes of administrators about queues, failures, running jobs and stale results."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any, ClassVar
from uuid import UUID, uuid4

import httpx
import pytest

from immich_host.hosting.record import Record
from immich_host.plugin_api import Job, JobContext, Outcome, Plugin, Section, hookimpl
from immich_host.plugin_api.errors import JobFailed
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect


class Oven(Section):
    key: ClassVar[str] = "oven"

    heat: int = 180


async def bake(ctx: JobContext, *, asset_id: UUID) -> Outcome:
    if ctx.host.settings(Oven).heat > 300:
        raise JobFailed(f"burnt:\nin {asset_id}")
    return Outcome.DONE


def oven() -> Record:
    """A plugin with a queue of its own, whose job fails where it is too hot."""
    hooks = ModuleType("oven.hooks")

    @hookimpl
    def register_settings() -> Sequence[type[Section]]:
        return [Oven]

    @hookimpl
    def register_jobs() -> Sequence[Job]:
        return [
            Job(
                "bake", bake, queue="oven", after="asset_created", starts_queue=True,
                made_by=lambda host: {"oven": host.settings(Oven)},
            )
        ]  # fmt: skip

    hooks.register_settings = register_settings  # type: ignore[attr-defined]
    hooks.register_jobs = register_jobs  # type: ignore[attr-defined]
    return Record("oven", manifest=Plugin("oven"), hooks=hooks)


@pytest.fixture
async def kitchen(host: MakeHost) -> RunningHost:
    return await host(plugins=[], records=[oven()])


@pytest.fixture
async def admin(kitchen: RunningHost) -> httpx.AsyncClient:
    return await kitchen.client()


async def burn(kitchen: RunningHost, **upload: Any) -> UUID:
    """An upload whose job fails."""
    await kitchen.configure(Oven(heat=400))
    photo = await kitchen.upload(b"\xff\xd8" + uuid4().bytes, **upload)
    with pytest.raises(JobFailed):
        await kitchen.drain()
    return photo


async def oven_queue(admin: httpx.AsyncClient) -> dict[str, Any]:
    return expect(await admin.get("/api/admin/queues/oven"), 200)


async def test_queues_of_plugins_are_shown_too(kitchen, admin):
    await kitchen.upload(b"\xff\xd8 dough")
    shown = {queue["name"]: queue for queue in expect(await admin.get("/api/admin/queues"), 200)}
    assert shown["oven"]["statistics"]["waiting"] == 1
    assert (shown["thumbnailGeneration"]["since"], shown["thumbnailGeneration"]["rate"]) == (None, None)
    await kitchen.drain()
    await kitchen.kernel.job_room.executor.beat(0)
    done = await oven_queue(admin)
    assert (done["done"], done["failed"], done["secondsLeft"]) == (1, 0, None)
    assert done["since"]


async def test_a_failure_is_shown_with_its_reason_and_tried_again(kitchen, admin):
    photo = await burn(kitchen, name="bread.jpg")
    [failure] = expect(await admin.get("/api/admin/jobs/failures"), 200)
    assert (failure["job"], failure["queue"], failure["status"]) == ("oven.bake", "oven", "failed")
    assert (failure["assetId"], failure["fileName"], failure["arguments"]) == (
        str(photo), "bread.jpg", {"asset_id": str(photo)},
    )  # fmt: skip
    assert (failure["reason"], failure["error"]) == (f"in {photo}", f"burnt:\nin {photo}")
    assert (failure["attempts"], failure["tries"], failure["nextTryAt"]) == (1, 3, None)
    await kitchen.configure(Oven())
    assert expect(await admin.post("/api/admin/jobs/failures/retry", json={"ids": [failure["id"]]}), 200) == {
        "amount": 1
    }
    await kitchen.drain()
    assert expect(await admin.get("/api/admin/jobs/failures"), 200) == []


async def test_failures_are_narrowed_down_and_paged(kitchen, admin):
    photos = [str(await burn(kitchen)) for _ in range(3)]

    async def found(**params: Any) -> list[str]:
        return [one["assetId"] for one in expect(await admin.get("/api/admin/jobs/failures", params=params), 200)]

    assert await found(assetId=photos[:2]) == [photos[1], photos[0]]
    assert await found(queue="sidecar") == []
    assert await found(status="waiting") == []
    assert await found(job="oven.bake", status=["failed", "running"]) == photos[::-1]
    [first] = expect(await admin.get("/api/admin/jobs/failures", params={"limit": 1}), 200)
    assert await found(before=first["id"]) == [photos[1], photos[0]]
    for wrong in ({"limit": 0}, {"limit": 1001}, {"status": "sleeping"}, {"assetId": "x"}):
        expect(await admin.get("/api/admin/jobs/failures", params=wrong), 400)


async def test_failures_are_cleared_by_choice(kitchen, admin):
    photos = [str(await burn(kitchen)) for _ in range(2)]
    path = "/api/admin/jobs/failures/clear"
    assert expect(await admin.post(path, json={"assetIds": photos[:1]}), 200) == {"amount": 1}
    assert expect(await admin.post(path, json={"queue": "sidecar"}), 200) == {"amount": 0}
    assert expect(await admin.post(path, json={}), 200) == {"amount": 1}
    expect(await admin.post(path, json={"ids": ["x"]}), 400)


async def test_owners_see_what_failed_for_their_assets_and_nobody_else_does(kitchen, admin):
    photo = await burn(kitchen, user="ann")
    path = f"/api/assets/{photo}/failed-jobs"
    [failure] = expect(await (await kitchen.client("ann")).get(path), 200)
    assert failure == {
        "job": "oven.bake", "queue": "oven", "status": "failed", "reason": f"in {photo}", "attempts": 1, "tries": 3,
        "failedAt": failure["failedAt"], "nextTryAt": None,
    }  # fmt: skip
    expect(await (await kitchen.client("ben")).get(path), 400)
    expect(await admin.get(path), 400)
    expect(await kitchen.anonymous().get(path), 401)
    expect(await (await kitchen.key_client("album.read", user="ann")).get(path), 403)
    expect(await (await kitchen.key_client("asset.read", user="ann")).get(path), 200)


async def test_commands_to_a_plugins_queue(kitchen, admin):
    async def put(**body: Any) -> dict[str, Any]:
        return expect(await admin.put("/api/admin/queues/oven", json=body), 200)

    await burn(kitchen)
    assert (await put(command="pause"))["isPaused"] is True
    assert (await put(command="retry-failed"))["statistics"] == {
        "active": 0, "completed": 0, "delayed": 0, "failed": 0, "paused": 1, "waiting": 0,
    }  # fmt: skip
    assert (await put(command="resume"))["statistics"]["waiting"] == 1
    assert (await put(command="empty"))["statistics"]["waiting"] == 0
    assert (await put(command="start", on="all"))["statistics"]["waiting"] == 1
    with pytest.raises(JobFailed):
        await kitchen.drain()
    assert (await oven_queue(admin))["statistics"]["failed"] == 1
    assert (await put(command="clear-failed"))["statistics"]["failed"] == 0


async def test_commands_that_make_no_sense(kitchen, admin):
    expect(await admin.put("/api/admin/queues/oven", json={"command": "start"}), 400)
    expect(await admin.put("/api/admin/queues/oven", json={"command": "dance"}), 400)
    expect(await admin.put("/api/admin/queues/backgroundTask", json={"command": "pause"}), 400)
    expect(await admin.put("/api/admin/queues/nowhere", json={"command": "pause"}), 404)
    expect(await admin.get("/api/admin/queues/nowhere"), 404)
    await kitchen.upload(b"\xff\xd8 dough")
    await kitchen.kernel.db.execute("UPDATE job_request SET started_at = now(), beat_at = now()")
    again = await admin.put("/api/admin/queues/oven", json={"command": "start", "on": "stale"})
    assert expect(again, 400) == {"message": "Job is already running"}


async def test_a_change_of_settings_shows_what_is_stale_and_a_start_makes_it_again(kitchen, admin):
    for number in range(2):
        await kitchen.upload(b"\xff\xd8 dough %d" % number)
    await kitchen.drain()

    async def standing() -> dict[str, Any]:
        [one] = expect(await admin.get("/api/admin/jobs/results"), 200)
        return one

    assert await standing() == {
        "job": "oven.bake", "queue": "oven", "results": 2, "stale": 0, "madeBy": {"oven": {"heat": 180}}
    }  # fmt: skip
    await kitchen.configure(Oven(heat=200))
    assert (await standing())["stale"] == 2
    expect(await admin.put("/api/admin/queues/oven", json={"command": "start", "on": "stale"}), 200)
    await kitchen.drain()
    assert (await standing())["stale"] == 0


async def test_running_jobs_are_shown_and_cancelled(kitchen, admin):
    photo = await kitchen.upload(b"\xff\xd8 dough", name="dough.jpg")
    row_id = await kitchen.kernel.db.fetchval(
        """UPDATE job_request SET started_at = now() - interval '10 seconds', beat_at = now(), attempts = 1,
           progress = '{"done": 1, "total": 3, "note": "rising"}' RETURNING id"""
    )
    [running] = expect(await admin.get("/api/admin/jobs/running"), 200)
    assert (running["id"], running["assetId"], running["fileName"]) == (str(row_id), str(photo), "dough.jpg")
    assert (running["done"], running["total"], running["note"]) == (1, 3, "rising")
    assert 15 <= running["secondsLeft"] <= 30
    assert expect(await admin.post("/api/admin/jobs/cancel", json={"ids": [str(row_id)]}), 200) == {"amount": 1}
    [running] = expect(await admin.get("/api/admin/jobs/running"), 200)
    assert running["isCancelled"] is True


ROUTES = [
    ("GET", "/admin/queues", "queue.read", 200),
    ("GET", "/admin/queues/oven", "queue.read", 200),
    ("PUT", "/admin/queues/oven", "queue.update", 200),
    ("GET", "/admin/jobs/running", "queueJob.read", 200),
    ("POST", "/admin/jobs/cancel", "queueJob.delete", 200),
    ("GET", "/admin/jobs/failures", "queueJob.read", 200),
    ("POST", "/admin/jobs/failures/retry", "queueJob.update", 200),
    ("POST", "/admin/jobs/failures/clear", "queueJob.delete", 200),
    ("GET", "/admin/jobs/results", "queue.read", 200),
]


async def test_all_of_it_is_for_administrators_and_keys_with_the_right(kitchen, admin):
    body = {"command": "resume", "ids": []}
    other = await kitchen.client("ann")
    unfit = await kitchen.key_client("job.read", "asset.read")
    for method, path, permission, status in ROUTES:
        url, sent = f"/api{path}", None if method == "GET" else body
        expect(await kitchen.anonymous().request(method, url, json=sent), 401)
        expect(await other.request(method, url, json=sent), 403)
        expect(await unfit.request(method, url, json=sent), 403)
        fit = await kitchen.key_client(permission)
        expect(await fit.request(method, url, json=sent), status)
