import asyncio
import time
from typing import Any

import pytest
from structlog.testing import capture_logs

from immich_host.hosting import calling
from immich_host.plugin_api import Refused, Section, hookimpl
from tests.hosting.making import on, plugin


def guard(name: str, error: Exception | None = None, *, fail_closed: bool = False, calls: list[str] | None = None):
    async def upload_offered(head):
        if calls is not None:
            calls.append(name)
        if error:
            raise error

    return plugin(name, hookimpl(fail_closed=fail_closed)(upload_offered))


async def test_guards_are_asked_in_order_until_one_refuses():
    calls: list[str] = []
    made = await on(guard("c", calls=calls), guard("b", Refused(413, "too big"), calls=calls), guard("a", calls=calls))
    with pytest.raises(Refused, match="too big") as refusal:
        await made.guard("upload_offered", head={}, user=None)
    assert refusal.value.status == 413
    assert calls == ["a", "b"]


async def test_an_error_in_a_guard_passes_and_is_logged_against_its_plugin():
    calls: list[str] = []
    made = await on(guard("a", OSError("disk away"), calls=calls), guard("b", calls=calls))
    with capture_logs() as logs:
        await made.guard("upload_offered", head={}, user=None)
    assert calls == ["a", "b"]
    assert [entry["plugin"] for entry in logs if entry["log_level"] == "error"] == ["a"]


async def test_a_guard_that_fails_closed_refuses_by_its_error():
    made = await on(guard("a", OSError("disk away"), fail_closed=True))
    with pytest.raises(Refused, match="plugin a could not check") as refusal:
        await made.guard("upload_offered", head={}, user=None)
    assert refusal.value.status == 500
    assert "disk away" not in refusal.value.message


async def test_a_hook_that_fails_closed_refuses_by_any_error():
    async def api_request(request):
        raise KeyError("oops")

    made = await on(plugin("a", api_request))
    with pytest.raises(Refused):
        await made.guard("api_request", fail_closed=True, request={}, user=None)


def features(name: str, **flags: bool):
    async def api_features(user):
        if "error" in flags:
            raise RuntimeError("no flags")
        return flags

    return plugin(name, api_features)


async def test_what_plugins_give_is_merged():
    made = await on(features("a", map=True), features("b", search=False), features("c", error=True))
    assert await made.gather("api_features", user=None) == {"map": True, "search": False}
    with pytest.raises(RuntimeError, match="no flags"):
        await made.gather("api_features", strict=True, user=None)


@pytest.mark.parametrize("strict", [False, True])
async def test_of_two_plugins_that_give_one_key_the_first_is_taken_and_the_other_shows_it_once(strict: bool):
    made = await on(features("b", map=False, search=True), features("a", map=True))
    told: list[str] = []
    made.on_conflict = lambda: told.append("conflict")
    for _ in range(2):
        assert await made.gather("api_features", strict=strict, user=None) == {"map": True, "search": True}
    assert [made.records[name].reason for name in "ab"] == [
        "", "api_features: map is given by a already; that one is taken",
    ]  # fmt: skip
    assert told == ["conflict"]
    await made.converge({"a"}, {})
    await made.converge(set(), {})
    assert made.records["b"].is_enabled
    await made.converge({"b"}, {})
    await made.converge(set(), {})
    assert made.records["b"].reason == ""


def granting(name: str, *ids: int, error: bool = False):
    async def asset_access(asset_ids, permission):
        if error:
            raise RuntimeError("no rights")
        return set(asset_ids) & set(ids) if permission == "asset.read" else None

    return plugin(name, asset_access)


async def test_ids_that_plugins_grant_are_united_and_an_error_grants_nothing():
    made = await on(granting("a", 1, 2), granting("b", 2, 3), granting("c", error=True))
    ask: dict[str, Any] = {"asset_ids": [1, 3, 4], "user": None}
    assert await made.gather_ids("asset_access", permission="asset.read", **ask) == {1, 3}
    assert await made.gather_ids("asset_access", permission="asset.update", **ask) == set()


def listening(name: str, heard: list[str], error: Exception | None = None, waits: asyncio.Event | None = None):
    async def asset_trashed(asset_ids):
        if waits:
            await waits.wait()
        if error:
            raise error
        heard.append(name)

    return plugin(name, asset_trashed)


async def test_a_listener_that_raises_stops_no_other():
    heard: list[str] = []
    made = await on(listening("a", heard, ValueError("no")), listening("b", heard))
    with capture_logs() as logs:
        await made.publish("asset_trashed", asset_ids=[], owner_id=None)
    assert heard == ["b"]
    assert [(e["plugin"], e["fact"]) for e in logs if e["log_level"] == "error"] == [("a", "asset_trashed")]


async def test_a_listener_that_hangs_is_ended_and_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(calling, "LISTENER_SECONDS", 0.5)
    monkeypatch.setattr(calling, "SLOW_SECONDS", 0.4)  # so much that a busy machine makes nobody else seem slow
    heard: list[str] = []
    made = await on(listening("a", heard, waits=asyncio.Event()), listening("b", heard))
    with capture_logs() as logs:
        await made.publish("asset_trashed", asset_ids=[], owner_id=None)
    assert heard == ["b"]
    assert [(e["log_level"], e["plugin"]) for e in logs] == [("error", "a"), ("warning", "a"), ("error", "a")]


async def test_the_hosts_own_listeners_come_first_and_are_isolated_too():
    heard: list[str] = []
    made = await on(listening("a", heard))

    async def own(asset_ids, owner_id):
        heard.append("host")

    async def bad(asset_ids, owner_id):
        raise ValueError("no")

    made.listen("asset_trashed", bad)
    made.listen("asset_trashed", own)
    await made.publish("asset_trashed", asset_ids=[], owner_id=None)
    assert heard == ["host", "a"]


class Colours(Section):
    """Settings for a test."""

    key = "colours"
    amount: int = 3


async def test_a_sections_owner_alone_is_asked_and_told():
    calls: list[str] = []

    def owner(name: str):
        async def settings_check(old, new):
            if new.amount > 9:
                raise Refused(400, "too many")

        async def settings_changed(old, new):
            calls.append(f"{name}: {old.amount} to {new.amount}")

        return plugin(name, settings_check, settings_changed)

    made = await on(owner("colours"), owner("other"))
    await made.settings_hook("colours", "settings_changed", Colours(), Colours(amount=5))
    assert calls == ["colours: 3 to 5"]
    with pytest.raises(Refused, match="too many"):
        await made.settings_hook("colours", "settings_check", Colours(), Colours(amount=10))


async def test_a_hook_gets_the_host_and_only_the_arguments_that_it_takes():
    seen: list[Any] = []

    async def asset_deleted(host):
        seen.append(host)

    made = await on(plugin("a", asset_deleted))
    made.attach("the host")  # type: ignore[arg-type]
    await made.publish("asset_deleted", asset_id=1, owner_id=2)
    assert seen == ["the host"]


async def test_a_listener_that_hung_is_left_out_for_a_while_so_that_facts_do_not_pile_up(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(calling, "LISTENER_SECONDS", 0.02)
    heard: list[str] = []
    waits = asyncio.Event()
    made = await on(listening("a", heard, waits=waits), listening("b", heard))
    await made.publish("asset_trashed", asset_ids=[], owner_id=None)
    waits.set()
    await made.publish("asset_trashed", asset_ids=[], owner_id=None)
    assert heard == ["b", "b"]
    later = time.monotonic() + calling.MUTED_SECONDS + 1
    monkeypatch.setattr(calling.time, "monotonic", lambda: later)
    await made.publish("asset_trashed", asset_ids=[], owner_id=None)
    assert heard == ["b", "b", "a", "b"]


def hanging(name: str, *, fail_closed: bool = False):
    async def upload_offered():
        await asyncio.Event().wait()

    async def api_features():
        await asyncio.Event().wait()

    async def asset_access():
        await asyncio.Event().wait()

    return plugin(name, hookimpl(fail_closed=fail_closed)(upload_offered), api_features, asset_access)


async def test_a_hook_that_hangs_is_an_error_like_any_other(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(calling, "ANSWER_SECONDS", 0.02)
    made = await on(hanging("a"), features("b", search=True))
    with capture_logs() as logs:
        await made.guard("upload_offered", head={}, user=None)
        assert await made.gather("api_features", user=None) == {"search": True}
        assert await made.gather_ids("asset_access", asset_ids=[], user=None, permission="") == set()
    assert [entry["plugin"] for entry in logs] == ["a", "a", "a"]
    strict = await on(hanging("a", fail_closed=True))
    with pytest.raises(Refused, match="plugin a could not check"):
        await strict.guard("upload_offered", head={}, user=None)
