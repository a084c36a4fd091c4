"""Administrators who are connected are told how jobs get on, and only of what has changed."""

from typing import Any
from uuid import UUID

import pytest

from immich_host.server.job_news import JobNews
from immich_host.testing import RunningHost
from tests.server.test_jobs import Oven, oven


class Listeners:
    """Connections, as this process has them."""

    def __init__(self) -> None:
        self.has_job_watchers = True
        self.job_watchers_joined = 1
        self.said: list[tuple[str, Any]] = []

    async def tell_job_watchers_here(self, event: str, *data: Any) -> None:
        self.said.append((event, data[0]))

    def heard(self, event: str) -> Any:
        """The last of an event, after which nothing is remembered."""
        found = [data for name, data in self.said if name == event]
        self.said.clear()
        return found[-1] if found else None


@pytest.fixture
def listeners() -> Listeners:
    return Listeners()


@pytest.fixture
def news(house: RunningHost, listeners: Listeners) -> JobNews:
    return JobNews(house.kernel.job_room, listeners)


async def put(house: RunningHost, **columns: Any) -> UUID:
    values = {"job": "host.user_delete", "queue": "sidecar"} | columns
    names, places = ", ".join(values), ", ".join(f"${place + 1}" for place in range(len(values)))
    return await house.kernel.db.fetchval(
        f"INSERT INTO job_request ({names}) VALUES ({places}) RETURNING id", *values.values()
    )


async def test_the_first_news_are_all_queues_and_then_what_changes(house, news, listeners):
    await news.turn()
    assert {queue["name"] for queue in listeners.heard("on_queue_update")} >= {"sidecar", "ocr"}
    await news.turn()
    assert listeners.said == []
    await put(house)
    await news.turn()
    [queue] = listeners.heard("on_queue_update")
    assert (queue["name"], queue["statistics"]["waiting"]) == ("sidecar", 1)


async def test_who_comes_later_learns_all_too(news, listeners):
    await news.turn()
    listeners.said.clear()
    listeners.job_watchers_joined += 1
    await news.turn()
    assert len(listeners.heard("on_queue_update")) > 10


async def test_nothing_is_asked_for_nobody(house, news, listeners, monkeypatch):
    listeners.has_job_watchers = False
    monkeypatch.delattr(house.kernel.job_room, "progress")
    await news.turn()
    assert listeners.said == []


async def test_new_failures_are_told_once(house, news, listeners):
    await put(house, error="old")
    await news.turn()
    assert listeners.heard("on_job_failure") is None
    row_id = await put(house, error="ValueError: no such day")
    await news.turn()
    [failure] = listeners.heard("on_job_failure")
    assert (failure["id"], failure["reason"]) == (str(row_id), "ValueError: no such day")
    await news.turn()
    assert listeners.heard("on_job_failure") is None


async def test_jobs_that_last_tell_how_far_they_are(house, news, listeners):
    await put(house)
    await house.kernel.db.execute(
        'UPDATE job_request SET started_at = now(), beat_at = now(), progress = \'{"done": 1, "total": 4}\''
    )
    await news.turn()
    [running] = listeners.heard("on_job_progress")
    assert (running["queue"], running["done"], running["total"]) == ("sidecar", 1, 4)


async def test_a_change_of_settings_that_makes_nothing_stale_says_nothing(news, listeners):
    await news.settings_changed()
    await news.turn()
    assert listeners.heard("on_results_stale") is None


async def test_a_change_of_settings_shows_how_many_results_it_made_stale(host, listeners):
    kitchen = await host(plugins=[], records=[oven()])
    news = JobNews(kitchen.kernel.job_room, listeners)
    kitchen.kernel.live_settings.on_change(news.settings_changed)
    await kitchen.upload(b"\xff\xd8 dough")
    await kitchen.drain()
    await kitchen.configure(Oven(heat=200))
    await news.turn()
    [standing] = listeners.heard("on_results_stale")
    assert (standing["job"], standing["results"], standing["stale"]) == ("oven.bake", 1, 1)
