"""What is done at night, and what the switches of the nightly tasks leave out."""

import pytest

from immich_host.plugin_api import Job, JobContext, Outcome
from immich_host.settings.store import NightlyTasksSection
from immich_host.testing.fixtures import MakeHost

DONE = {
    "database_cleanup": {
        "host.erase_expired",
        "host.user_delete_check",
        "host.session_cleanup",
        "host.audit_cleanup",
    },
    "sync_quota_usage": {"host.user_sync_usage"},
    "missing_thumbnails": {"host.fan_out"},
    "cluster_new_faces": set(),
    "generate_memories": set(),
}


async def asked(host: MakeHost, **switches: bool) -> set[str]:
    """The host's jobs that the night's job asks for."""
    running = await host()
    off = dict.fromkeys(DONE, False)
    await running.configure(NightlyTasksSection(**{**off, **switches}))
    kernel = running.kernel
    row_id = await kernel.jobs.request("host.nightly")
    assert row_id is not None
    await kernel.job_room.executor.execute(row_id)
    return {row["job"] for row in await kernel.db.fetch("SELECT job FROM job_request WHERE job LIKE 'host.%'")}


@pytest.mark.parametrize("switch", DONE)
async def test_a_switch_has_its_jobs_done(host: MakeHost, switch: str) -> None:
    assert await asked(host, **{switch: True}) == DONE[switch]


async def test_with_all_off_nothing_is_done(host: MakeHost) -> None:
    assert await asked(host) == set()


async def test_a_job_is_done_by_the_switch_that_it_names(host: MakeHost) -> None:
    done: list[str] = []

    async def tidy(ctx: JobContext) -> Outcome:
        done.append(ctx.cause)
        return Outcome.DONE

    running = await host(plugins=[])
    running.kernel.job_room.registry.add(Job("tidy", tidy, queue="backgroundTask", nightly="databaseCleanup"))
    for is_on, expected in ((False, []), (True, ["schedule"])):
        await running.configure(NightlyTasksSection(database_cleanup=is_on))
        await running.kernel.jobs.request("host.nightly")
        await running.drain()
        assert done == expected


async def test_the_night_begins_when_the_settings_say(host: MakeHost) -> None:
    running = await host(plugins=[])
    cron = running.kernel.job_room.settings.cron
    assert cron("host.nightly", "0 0 * * *") == "0 0 * * *"
    await running.configure(NightlyTasksSection(start_time="03:30"))
    assert cron("host.nightly", "0 0 * * *") == "30 3 * * *"
    assert cron("other.job", "1 2 * * *") == "1 2 * * *"
