"""Another model: the old vectors answer until the new ones are complete."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from immich_host.plugin_api.errors import JobFailed
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect
from immich_host.testing.waiting import PATIENCE
from immich_smartsearch import embedding, store, tending
from immich_smartsearch.settings import ClipSettings

Picture = Callable[[str], bytes]
Found = Callable[..., Awaitable[list[UUID]]]
Models = Callable[..., Awaitable[None]]
Vectors = Callable[[RunningHost], Awaitable[dict[UUID, str]]]
PLUGINS = ["metadata", "thumbnails", "inference", "starter_models", "search", "smartsearch"]


async def answering(host: RunningHost) -> str | None:
    model = await store.answering(host.kernel.db)
    return None if model is None else model.name


async def choose(host: RunningHost, name: str) -> None:
    """Set another model; nothing is done about it yet but that it is asked for, by whichever hears of it first."""
    await host.configure(ClipSettings(model_name=name))
    asked = "SELECT count(*) FROM job_request WHERE job = 'smartsearch.tend'"
    async with asyncio.timeout(PATIENCE):
        while not await host.kernel.db.fetchval(asked):  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(0.02)


async def tend(host: RunningHost) -> None:
    await host.kernel.jobs.request("smartsearch.tend")
    await host.drain()


async def forget_requests(host: RunningHost) -> None:
    """As a crash that loses all, or an administrator who empties every queue."""
    await host.kernel.db.execute("DELETE FROM job_request")


async def test_the_old_model_answers_until_the_new_one_is_complete(
    host: MakeHost, picture: Picture, found: Found, vectors: Vectors, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await host(plugins=PLUGINS)
    await models(server, "second")
    cat, coffee = [await server.upload(picture(name), name=f"{name}.jpg") for name in ("chelsea", "coffee")]
    await server.drain()
    client = await server.client()
    await choose(server, "second")
    await forget_requests(server)
    # meanwhile a photo comes: it is found at once, and will be
    rocket = await server.upload(picture("rocket"), name="rocket.jpg")
    await server.drain()
    assert await vectors(server) == {cat: "starter", coffee: "starter", rocket: "second,starter"}
    assert await answering(server) == "starter"
    assert await found(client, query="a rocket launch", size=1) == [rocket]
    assert len(await found(client, query="a rocket launch")) == 3
    await server.kernel.jobs.request("smartsearch.embed", asset_id=cat)
    await server.drain()
    status = expect(await client.get("/api/plugins/smartsearch/status"), 200)
    assert [(each["name"], each["assets"], each["isAnswering"], each["isWanted"]) for each in status["models"]] == [
        ("starter", 3, True, False),
        ("second", 2, False, True),
    ]
    assert (status["assets"], status["isEnabled"]) == (3, True)
    await tend(server)
    await tend(server)
    assert await answering(server) == "second"
    assert await found(client, query="a cat", size=1) == [cat]
    # searches by the old vectors may still run; later they go
    assert set((await vectors(server)).values()) == {"second,starter"}
    monkeypatch.setattr(tending, "_GRACE", timedelta(0))
    await tend(server)
    assert await vectors(server) == dict.fromkeys((cat, coffee, rocket), "second")
    assert [model.name for model in await store.models(server.kernel.db)] == ["second"]


async def test_changing_back_midway_makes_nothing_anew(
    host: MakeHost, picture: Picture, vectors: Vectors, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await host(plugins=PLUGINS)
    await models(server, "second")
    first, other = [await server.upload(picture(name), name=f"{name}.jpg") for name in ("chelsea", "coffee")]
    await server.drain()
    await choose(server, "second")
    await forget_requests(server)
    await server.kernel.jobs.request("smartsearch.embed", asset_id=first)
    await server.drain()
    assert await vectors(server) == {first: "second,starter", other: "starter"}
    await choose(server, "starter")
    asked: list[str] = []

    async def refuse(*args: Any, **_: Any) -> str:
        asked.append(str(args))
        raise AssertionError

    monkeypatch.setattr(embedding, "of_picture", refuse)
    monkeypatch.setattr(tending, "_GRACE", timedelta(0))
    await server.drain()
    await tend(server)
    assert asked == []
    assert await vectors(server) == {first: "starter", other: "starter"}
    # what the results were made by is another matter: to make the stale ones anew is quick
    await server.kernel.job_room.commands.start("smartSearch", "stale")
    await server.drain()
    assert asked == []


async def test_an_interrupted_change_is_taken_up_again(
    host: MakeHost, picture: Picture, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await host(plugins=PLUGINS)
    await models(server, "second")
    for name in ("chelsea", "coffee"):
        await server.upload(picture(name), name=f"{name}.jpg")
    await server.drain()
    await choose(server, "second")
    # everything has been asked for, and all of that is lost
    await store.asked(server.kernel.db, await store.current(server.kernel.db, "second"))
    await forget_requests(server)
    await tend(server)
    assert await answering(server) == "starter"
    monkeypatch.setattr(tending, "_ASK_AGAIN", timedelta(0))
    await tend(server)
    await tend(server)
    assert await answering(server) == "second"


async def test_a_new_model_that_cannot_be_used_leaves_the_old_one_as_it_was(
    host: MakeHost, picture: Picture, found: Found, vectors: Vectors, models: Models
) -> None:
    server = await host(plugins=PLUGINS)
    await models(server)
    cat = await server.upload(picture("chelsea"), name="chelsea.jpg")
    await server.drain()
    await choose(server, "elsewhere")
    coffee = await server.upload(picture("coffee"), name="coffee.jpg")
    with pytest.raises(Exception, match="elsewhere"):
        await server.drain()
    await tend(server)
    assert await answering(server) == "starter"
    assert await vectors(server) == {cat: "starter", coffee: "starter"}
    client = await server.client()
    assert (await found(client, query="a cup of coffee"))[0] == coffee
    assert expect(await client.get("/api/server/features"), 200)["smartSearch"] is True


async def test_when_the_old_model_is_gone_the_new_one_answers_with_what_it_has(
    host: MakeHost, picture: Picture, found: Found, vectors: Vectors, models: Models
) -> None:
    server = await host(plugins=PLUGINS)
    await models(server, "second")
    cat, coffee = [await server.upload(picture(name), name=f"{name}.jpg") for name in ("chelsea", "coffee")]
    await server.drain()
    await choose(server, "second")
    await forget_requests(server)
    await server.kernel.jobs.request("smartsearch.embed", asset_id=cat)
    await server.drain()
    await server.turn_off("starter_models")
    client = await server.client()
    assert await answering(server) == "starter"
    await server.kernel.db.execute("UPDATE smartsearch_model SET name = 'gone' WHERE is_answering")
    assert await found(client, query="a cat") == [cat]
    assert set(await found(client, queryAssetId=str(cat))) == {cat, coffee}
    await tend(server)
    await tend(server)
    assert await answering(server) == "second"
    assert set(await found(client, query="a cat")) == {cat, coffee}


async def test_a_model_that_has_other_dimensions_now_is_another_model(
    host: MakeHost, picture: Picture, found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await host(plugins=PLUGINS)
    ids = [await server.upload(picture(name), name=f"{name}.jpg") for name in ("chelsea", "coffee")]
    await server.drain()

    async def of_picture(*_: Any) -> str:
        return "[0.6,0.8]"

    async def of_text(*_: Any) -> str:
        return "[0,1]"

    monkeypatch.setattr(embedding, "of_picture", of_picture)
    monkeypatch.setattr(embedding, "of_text", of_text)
    client = await server.client()
    answer = await client.post("/api/search/smart", json={"query": "a cat"})
    assert (answer.status_code, "numbers" in answer.json()["message"]) == (400, True)
    await server.kernel.jobs.request("smartsearch.embed", asset_id=ids[0], force=True)
    await server.drain()
    assert await found(client, query="a cat") == [ids[0]]
    await tend(server)
    await tend(server)
    assert set(await found(client, query="a cat")) == set(ids)
    assert (await store.current(server.kernel.db, "starter")).dimensions == 2


async def test_a_vector_is_never_one_of_a_model_of_another_width(host: MakeHost) -> None:
    db = (await host(plugins=["inference", "search", "smartsearch"])).kernel.db
    stale = await store.current(db, "starter")
    narrow = await store.with_dimensions(db, stale, 2)
    wide = await store.with_dimensions(db, stale, 3)
    assert (narrow.dimensions, wide.dimensions, wide.id != narrow.id) == (2, 3, True)
    # one who has looked before both, and still makes narrow ones
    assert await store.with_dimensions(db, stale, 2) == replace(narrow, is_answering=True)
    assert await store.with_dimensions(db, narrow, 3) == wide
    # the model may be gone meanwhile
    assert (await store.with_dimensions(db, replace(stale, id=0), 4)).dimensions == 4


async def test_what_is_in_the_trash_gets_the_vectors_of_a_new_model(
    host: MakeHost, picture: Picture, found: Found, models: Models
) -> None:
    server = await host(plugins=PLUGINS)
    await models(server, "second")
    cat, coffee = [await server.upload(picture(name), name=f"{name}.jpg") for name in ("chelsea", "coffee")]
    await server.drain()
    client = await server.client()
    expect(await client.request("DELETE", "/api/assets", json={"ids": [str(cat)]}), 204)
    await choose(server, "second")
    await tend(server)
    await tend(server)
    assert await answering(server) == "second"
    assert await found(client, query="a cat", withDeleted=True) == [cat, coffee]


REFUSING = """
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
  IF {} THEN RAISE disk_full USING MESSAGE = 'no space left'; END IF;
END $$;
CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION refuse();
"""


async def large(host: RunningHost, library: Callable[..., Awaitable[list[UUID]]]) -> None:
    """A library for which there is to be an index, and the same vectors by another model that is set."""
    await library(host, 20)
    await choose(host, "second")
    await forget_requests(host)
    second = await store.with_dimensions(host.kernel.db, await store.current(host.kernel.db, "second"), 16)
    await host.kernel.db.execute(
        "INSERT INTO smart_search SELECT asset_id, $1, preview_id, embedding FROM smart_search", second.id
    )


async def test_an_index_that_one_process_can_build_is_built(
    host: MakeHost, library: Callable[..., Awaitable[list[UUID]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await host(plugins=["inference", "search", "smartsearch"])
    monkeypatch.setattr(tending, "EXACT", 10)
    await large(server, library)
    await server.kernel.db.execute(REFUSING.format("current_setting('max_parallel_maintenance_workers') <> '0'"))
    await tend(server)
    model = await store.answering(server.kernel.db)
    assert model is not None
    assert (model.name, model.is_indexed) == ("second", True)


async def test_an_index_that_cannot_be_built_holds_up_no_change_and_is_not_tried_all_the_time(
    host: MakeHost, library: Callable[..., Awaitable[list[UUID]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await host(plugins=["inference", "search", "smartsearch"])
    monkeypatch.setattr(tending, "EXACT", 10)
    await large(server, library)
    await server.kernel.db.execute(REFUSING.format("true"))
    with pytest.raises(JobFailed, match="no space left"):
        await tend(server)
    assert await answering(server) == "second"
    await tend(server)
    monkeypatch.setattr(tending, "_BUILD_AGAIN", timedelta(0))
    with pytest.raises(JobFailed, match="no space left"):
        await tend(server)
