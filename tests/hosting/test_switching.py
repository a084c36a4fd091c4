import asyncio
from types import ModuleType

import pytest

from immich_host.hosting import Stage, calling
from immich_host.plugin_api import Unusable, hookimpl
from immich_host.plugin_api.markers import Kind, hookspec
from tests.hosting.making import hosting, on, plugin, statuses


def telling(name: str, calls: list[str], **manifest):
    async def plugin_started():
        calls.append(f"{name} on")

    async def plugin_stopped():
        calls.append(f"{name} off")

    async def asset_created():
        calls.append(f"{name} heard")

    return plugin(name, plugin_started, plugin_stopped, asset_created, **manifest)


async def created(made) -> None:
    await made.publish("asset_created", asset_id=1, owner_id=1, cause="upload")


async def test_on_and_off_follow_the_wish_and_take_dependents_along():
    calls: list[str] = []
    made = hosting(telling("a", calls), telling("b", calls, requires=("a",)), telling("c", calls))
    await created(made)
    assert calls == []
    assert await made.converge(set(), {}) == ["a", "b", "c"]
    assert calls == ["a on", "c on", "b on"]
    calls.clear()
    assert await made.converge({"a"}, {}) == ["a", "b"]
    assert calls == ["b off", "a off"]
    assert made.records["a"].reason == "switched off"
    assert made.records["b"].reason == "requires a, which is off"
    await created(made)
    assert calls == ["b off", "a off", "c heard"]
    calls.clear()
    assert await made.converge(set(), {}) == ["a", "b"]
    assert await made.converge(set(), {}) == []
    await created(made)
    assert calls == ["a on", "b on", "a heard", "c heard", "b heard"]


async def test_at_the_end_every_plugin_is_told_in_reverse():
    calls: list[str] = []
    made = await on(telling("a", calls), telling("b", calls, requires=("a",)))
    await made.stop()
    assert calls == ["a on", "b on", "b off", "a off"]


async def test_an_unusable_plugin_is_broken_with_its_reason_and_tried_again_at_each_change():
    missing = [Unusable("ffmpeg is missing: install it")]

    async def plugin_check(settings):
        if missing:
            raise missing[0]

    made = await on(plugin("a", plugin_check), plugin("b", requires=("a",)), plugin("c"))
    assert statuses(made) == {"a": "broken", "b": "disabled", "c": "enabled"}
    record = made.records["a"]
    assert (record.broken_at, record.reason) == ("check", "ffmpeg is missing: install it")
    missing.clear()
    assert await made.converge(set(), {}) == ["a", "b"]
    assert statuses(made) == {"a": "enabled", "b": "enabled", "c": "enabled"}


async def test_a_plugin_that_fails_to_start_hears_nothing():
    heard: list[str] = []

    async def plugin_started():
        raise RuntimeError("not today")

    async def asset_created():
        heard.append("a")

    made = await on(plugin("a", plugin_started, asset_created))
    await created(made)
    assert statuses(made) == {"a": "broken"}
    assert heard == []


async def test_a_plugin_that_fails_to_stop_is_off_all_the_same():
    async def plugin_stopped():
        raise RuntimeError("not today")

    made = await on(plugin("a", plugin_stopped))
    await made.converge({"a"}, {})
    assert statuses(made) == {"a": "disabled"}


@pytest.mark.parametrize("hook", ["plugin_check", "plugin_started"])
async def test_a_plugin_that_hangs_while_it_is_switched_on_is_broken_and_hears_nothing_meanwhile(
    monkeypatch: pytest.MonkeyPatch, hook: str
):
    monkeypatch.setattr(calling, "LIFECYCLE_SECONDS", 0.05)
    heard: list[str] = []
    begun = asyncio.Event()

    async def hangs():
        begun.set()
        await asyncio.Event().wait()

    async def asset_created():
        heard.append("a")

    hangs.__name__ = hook
    made = hosting(plugin("a", hangs, asset_created), plugin("b"))
    converging = asyncio.create_task(made.converge(set(), {}))
    await begun.wait()
    await created(made)
    await converging
    assert statuses(made) == {"a": "broken", "b": "enabled"}
    assert made.records["a"].reason == "no end within 0.05 seconds"
    assert heard == []


async def test_a_plugin_that_hangs_while_it_is_switched_off_is_off_all_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(calling, "STOP_SECONDS", 0.02)

    async def plugin_stopped():
        await asyncio.Event().wait()

    made = await on(plugin("a", plugin_stopped))
    await made.converge({"a"}, {})
    assert statuses(made) == {"a": "disabled"}


async def test_a_plugin_found_broken_later_is_not_called_any_more():
    heard: list[str] = []

    async def asset_created():
        heard.append("a")

    made = await on(plugin("a", asset_created), plugin("b", requires=("a",)))
    made.records["a"].break_at(Stage.LOAD, "its route is taken")
    await created(made)
    assert heard == []
    assert not made.has("asset_created")
    await made.converge(set(), {})
    assert statuses(made) == {"a": "broken", "b": "disabled"}


@hookspec(Kind.FACT)
async def maker_made(thing: str, host: object) -> None:
    """After something was made. Every process. Raising is logged."""


def with_facts(name: str, **specs):
    facts = ModuleType("facts")
    vars(facts).update(specs)

    def register_facts():
        return facts

    return plugin(name, register_facts)


async def test_plugins_hear_each_others_facts_by_requiring_them_or_optionally_in_any_order():
    heard: list[str] = []

    def listener(name: str, *, optional: bool, **manifest):
        async def maker_made(thing):
            heard.append(f"{name} {thing}")

        return plugin(name, hookimpl(optional=optional)(maker_made), **manifest)

    maker = with_facts("maker", maker_made=maker_made)
    made = await on(
        listener("a", optional=True), listener("b", optional=False, requires=("maker",)), maker,
        listener("c", optional=False),
    )  # fmt: skip
    assert statuses(made) == {"a": "enabled", "b": "enabled", "c": "broken", "maker": "enabled"}
    assert made.knows("maker_made")
    await made.publish("maker_made", thing="cup")
    assert heard == ["a cup", "b cup"]


async def test_a_plugins_facts_begin_with_its_name():
    made = await on(with_facts("other", maker_made=maker_made))
    assert statuses(made) == {"other": "broken"}
    assert "start with its name: maker_made" in made.records["other"].reason
    assert not made.knows("maker_made")
