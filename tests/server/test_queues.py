import pytest

from immich_host.jobs.queues import QUEUES
from immich_host.server.queue_dto import QueueName
from immich_host.testing.host import expect

ZEROS = dict.fromkeys(("active", "completed", "delayed", "failed", "paused", "waiting"), 0)


@pytest.fixture
async def admin(house):
    return await house.client()


@pytest.fixture
def put_job(house):
    async def put(queue: str, job: str = "host.user_delete", **columns: object) -> None:
        values = {"job": job, "queue": queue, "arguments": "{}", "cause": "manual"} | columns
        names, places = ", ".join(values), ", ".join(f"${i + 1}" for i in range(len(values)))
        await house.kernel.db.execute(f"INSERT INTO job_request ({names}) VALUES ({places})", *values.values())

    return put


def test_immichs_queues_are_the_same_in_both_rooms():
    assert {name.value for name in QueueName} == set(QUEUES)


async def test_all_queues_are_there_in_both_shapes(admin):
    legacy = expect(await admin.get("/api/jobs"), 200)
    assert set(legacy) == set(QUEUES)
    assert legacy["ocr"] == {"jobCounts": ZEROS, "queueStatus": {"isActive": False, "isPaused": False}}
    newer = expect(await admin.get("/api/queues"), 200)
    assert {queue["name"] for queue in newer} == set(QUEUES)
    assert newer[0] == {"name": newer[0]["name"], "isPaused": False, "statistics": ZEROS}


async def test_pausing_shows_in_both_shapes(admin, put_job):
    await put_job("sidecar")
    stopped = expect(await admin.put("/api/jobs/sidecar", json={"command": "pause", "force": False}), 200)
    assert stopped["queueStatus"]["isPaused"] is True
    assert stopped["jobCounts"] == ZEROS | {"paused": 1}
    assert expect(await admin.get("/api/queues/sidecar"), 200)["isPaused"] is True
    running = expect(await admin.put("/api/queues/sidecar", json={"isPaused": False}), 200)
    assert running == {"name": "sidecar", "isPaused": False, "statistics": ZEROS | {"waiting": 1}}
    assert expect(await admin.put("/api/queues/sidecar", json={}), 200) == running
    assert expect(await admin.get("/api/jobs"), 200)["sidecar"]["queueStatus"]["isPaused"] is False


async def test_the_background_queue_is_never_paused(admin):
    for answer in (
        await admin.put("/api/queues/backgroundTask", json={"isPaused": True}),
        await admin.put("/api/jobs/backgroundTask", json={"command": "pause"}),
    ):
        assert "cannot be paused" in expect(answer, 400)["message"]
    expect(await admin.put("/api/queues/backgroundTask", json={"isPaused": False}), 200)


async def test_a_queue_at_work_is_not_started_again(house, admin, put_job):
    await put_job("thumbnailGeneration")
    await house.kernel.db.execute("UPDATE job_request SET started_at = now(), beat_at = now()")
    answer = await admin.put("/api/jobs/thumbnailGeneration", json={"command": "start", "force": False})
    assert expect(answer, 400) == {"message": "Job is already running"}
    legacy = expect(await admin.get("/api/jobs"), 200)["thumbnailGeneration"]
    assert (legacy["queueStatus"]["isActive"], legacy["jobCounts"]["active"]) == (True, 1)


async def test_a_queue_without_a_plugin_is_started_for_nothing(admin):
    for force in ({"force": True}, {"force": False}, {}):
        answer = expect(await admin.put("/api/jobs/ocr", json={"command": "start"} | force), 200)
        assert answer["jobCounts"] == ZEROS
    expect(await admin.put("/api/jobs/backgroundTask", json={"command": "start"}), 400)


async def test_emptying_leaves_failures_until_they_are_cleared(house, admin, put_job):
    await put_job("sidecar")
    await put_job("sidecar", job="host.user_sync_usage")
    await house.kernel.db.execute(
        "UPDATE job_request SET failed_at = now(), error = 'broke' WHERE job = 'host.user_sync_usage'"
    )
    assert expect(await admin.put("/api/jobs/sidecar", json={"command": "empty"}), 200)["jobCounts"] == ZEROS | {
        "failed": 1
    }
    expect(await admin.request("DELETE", "/api/queues/sidecar/jobs", json={}), 204)
    assert expect(await admin.get("/api/queues/sidecar"), 200)["statistics"]["failed"] == 1
    cleared = expect(await admin.put("/api/jobs/sidecar", json={"command": "clear-failed"}), 200)
    assert cleared["jobCounts"] == ZEROS


async def test_emptying_with_failures(house, admin, put_job):
    await put_job("sidecar")
    await put_job("sidecar", job="host.user_sync_usage")
    await house.kernel.db.execute(
        "UPDATE job_request SET failed_at = now(), error = 'broke' WHERE job = 'host.user_sync_usage'"
    )
    expect(await admin.request("DELETE", "/api/queues/sidecar/jobs", json={"failed": True}), 204)
    assert expect(await admin.get("/api/queues/sidecar"), 200)["statistics"] == ZEROS


async def test_jobs_are_listed_by_status(house, admin, put_job):
    await put_job("backgroundTask", arguments='{"user_id": "x"}')
    await put_job("backgroundTask", job="host.user_sync_usage")
    await house.kernel.db.execute(
        "UPDATE job_request SET failed_at = now(), error = 'broke' WHERE job = 'host.user_sync_usage'"
    )
    path = "/api/queues/backgroundTask/jobs"
    assert len(expect(await admin.get(path), 200)) == 2
    (waiting,) = expect(await admin.get(path, params={"status": "waiting"}), 200)
    assert (waiting["name"], waiting["data"]["user_id"]) == ("UserDelete", "x")
    assert waiting["timestamp"] > 1_700_000_000_000
    (failed,) = expect(await admin.get(path, params=[("status", "failed"), ("status", "active")]), 200)
    assert (failed["name"], failed["data"]["error"]) == ("UserSyncUsage", "broke")
    expect(await admin.get(path, params={"status": "sleeping"}), 400)


async def test_manual_jobs(house, admin):
    expect(await admin.post("/api/jobs", json={"name": "user-cleanup"}), 204)
    assert (
        await house.kernel.db.fetchval("SELECT cause FROM job_request WHERE job = 'host.user_delete_check'") == "manual"
    )
    assert "memory-create" in expect(await admin.post("/api/jobs", json={"name": "memory-create"}), 400)["message"]
    assert expect(await admin.post("/api/jobs", json={"name": "nonsense"}), 400)["message"] == "Validation failed"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/queues/nonsense"), ("PUT", "/queues/nonsense"), ("PUT", "/jobs/nonsense"), ("GET", "/queues/no/jobs")],
)
async def test_unknown_queues(admin, method, path):
    answer = await admin.request(method, f"/api{path}", json={"command": "pause", "isPaused": True})
    assert expect(answer, 400)["message"] == "Validation failed"
