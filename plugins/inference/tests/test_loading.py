"""Models in memory: loaded when they are wanted, once, and unloaded in time and for room, but not while in use."""

import asyncio
import threading
from dataclasses import replace

import numpy as np
import pytest

from immich_host.testing.waiting import PATIENCE
from immich_inference.api import Ask, Input, Model
from immich_inference.engine import Engine
from immich_inference.errors import BadInput, ModelBroken, NoModel
from immich_inference.known import faults, known_models
from immich_inference.loaded import Limits
from immich_inference.sessions import Running

from .encoding import encoded
from .tiny import STEPS, Lengths, registry_of, write_model

MANY = Limits(memory=1 << 30, keep_seconds=300)


@pytest.fixture
def made(tmp_path):
    """A maker of engines on models in a folder; each is closed in the end."""
    engines = []

    def make(limits=MANY, *, steps=STEPS, running=None, models=(), **weights) -> Engine:
        for name, size in weights.items():
            for kind in ("first", "second"):
                write_model(tmp_path / "tiny" / name / kind / "model.onnx", weights=size)
        registry = registry_of(tmp_path, *models, steps=steps)
        engines.append(Engine(registry, running or Running(), lambda: limits))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


def first(model: str) -> Ask:
    return Ask("tiny", "first", model)


def names(engine: Engine) -> list[str]:
    return [each.key[1] for each in engine.pool.loaded]


async def test_a_model_is_loaded_once_however_many_want_it_at_once(made):
    loads = []

    def load(place, open_session):
        loads.append(place)
        return Lengths(place, open_session)

    engine = made(steps=[replace(STEPS[0], load=load)], a=0)
    found = await asyncio.gather(*[engine.predict([first("a")], text="x" * n) for n in range(20)])
    assert [each.values["tiny"] for each in found] == [2.0 * n for n in range(20)]
    assert len(loads) == 1


async def test_the_least_recently_used_makes_room_for_the_next(made):
    engine = made(Limits(memory=250_000, keep_seconds=300), a=100_000, b=100_000, c=100_000)
    for model in "abac":
        await engine.predict([first(model)], text="x")
    assert names(engine) == ["a", "c"]
    assert engine.pool.held < 250_000


async def test_what_is_in_use_stays_even_if_it_is_too_much(made):
    engine = made(Limits(memory=1000, keep_seconds=300), a=100_000, b=100_000)
    async with engine.pool.use("tiny", "first", "a") as used:
        await engine.predict([first("b")], text="x")
        assert names(engine) == ["a"]
        assert used.runner.finish(Input(), {}, used.runner.run(used.runner.prepare(Input(text="xyz"), {}))) == 6.0
    assert names(engine) == []


async def test_what_nobody_uses_is_unloaded_in_time(made):
    engine = made(Limits(memory=1 << 30, keep_seconds=0.05), a=0)
    changed = asyncio.Event()
    engine.pool.on_change = changed.set
    await engine.predict([first("a")], text="x")
    async with asyncio.timeout(PATIENCE):
        while names(engine):
            changed.clear()
            await changed.wait()
    await engine.predict([first("a")], text="x")


async def test_zero_seconds_keep_it_for_ever(made):
    engine = made(Limits(memory=1 << 30, keep_seconds=0), a=0)
    await engine.predict([first("a")], text="x")
    assert engine.pool._timer is None
    assert names(engine) == ["a"]


async def test_two_types_that_use_one_file_share_it(made, tmp_path):
    file = write_model(tmp_path / "elsewhere" / "shared.onnx", weights=100_000)
    both = Model("tiny", "b", tmp_path, files={"first": file, "second": file})
    engine = made(models=[both])
    await engine.predict([first("b"), Ask("tiny", "second", "b")], text="x")
    assert len(engine.pool.loaded) == 2
    assert engine.pool.held == file.stat().st_size


async def test_a_type_that_needs_another_gets_its_output_and_says_so_where_it_is_missing(made):
    engine = made(a=0)
    found = await engine.predict([Ask("tiny", "second", "a"), first("a")], text="four")
    assert found.values == {"tiny": 8.0}
    with pytest.raises(BadInput, match="needs the output of the type first"):
        await engine.predict([Ask("tiny", "second", "a")], text="four")


async def test_files_that_are_no_model_are_said_to_be_broken_and_tried_again(made, tmp_path):
    engine = made(a=0)
    file = tmp_path / "tiny" / "a" / "first" / "model.onnx"
    content = file.read_bytes()
    file.write_bytes(b"no model")
    with pytest.raises(ModelBroken, match=r"model\.onnx cannot be loaded"):
        await engine.predict([first("a")], text="x")
    file.write_bytes(content)
    assert (await engine.predict([first("a")], text="x")).values == {"tiny": 2.0}


@pytest.mark.parametrize("error", [Exception("no JSON"), TypeError("NoneType"), RuntimeError("odd")])
async def test_whatever_a_library_says_of_files_they_are_what_is_broken(made, tmp_path, error):
    def load(place, open_session):
        raise error

    engine = made(steps=[replace(STEPS[0], load=load)], a=0)
    with pytest.raises(ModelBroken, match=str(error)):
        await engine.predict([first("a")], text="x")
    await engine.preload(["tiny/a"])
    (model,) = known_models(engine.registry)
    assert faults(engine.registry, model) == [f"first: {type(error).__name__}: {error}"]


async def test_memory_that_is_short_is_no_fault_of_the_files(made):
    def load(place, open_session):
        raise MemoryError

    engine = made(steps=[replace(STEPS[0], load=load)], a=0)
    with pytest.raises(MemoryError):
        await engine.predict([first("a")], text="x")


async def test_large_pictures_are_decoded_while_there_is_room_for_them(made, monkeypatch):
    monkeypatch.setattr("immich_inference.engine.DECODED", 1000)
    monkeypatch.setattr("immich_inference.engine.LEAST", 1)
    held, most = 0, 0

    class Looking(Lengths):
        def prepare(self, given, _options):
            nonlocal held, most
            held += 1
            most = max(most, held)
            return [np.array([given.image.width], np.float32)]

        def finish(self, _given, _options, results):
            nonlocal held
            held -= 1
            return float(results[0][0])

    engine = made(steps=[replace(STEPS[0], load=Looking, takes="image")], a=0)
    pictures = [encoded(np.full((20, 20 + each, 3), each, np.uint8)) for each in range(6)]
    found = await asyncio.gather(*[engine.predict([first("a")], image=each) for each in pictures])
    assert [each.values["tiny"] for each in found] == [2.0 * (20 + each) for each in range(6)]
    assert most == 1


async def test_a_provider_that_fails_gives_way_to_the_cpu_and_its_status_is_kept(made):
    running = Running(providers=("NoSuchExecutionProvider", "CPUExecutionProvider"))
    engine = made(running=running, a=0)
    with pytest.warns(UserWarning, match="NoSuch"):
        await engine.predict([first("a")], text="x")
    assert (await engine.predict([first("a")], text="x")).values == {"tiny": 2.0}
    assert set(running.failed) == {"NoSuchExecutionProvider"}
    assert engine.pool.loaded[0].sessions[0].provider == "CPUExecutionProvider"


async def test_models_are_found_by_the_names_of_their_folders(made):
    engine = made(**{"ViT-B1__x": 0})
    assert (await engine.predict([first("someone/ViT-B.1__x")], text="x")).values == {"tiny": 2.0}
    with pytest.raises(NoModel, match="not the name of a model"):
        await engine.predict([first(".")], text="x")
    with pytest.raises(NoModel, match="models list"):
        await engine.predict([first("ViT-B.2__x")], text="x")


async def test_a_part_that_does_for_all_languages_is_found_by_the_name_without_them(made):
    engine = made(steps=[replace(STEPS[0], any_language=True), STEPS[1]], tiny_mobile=0)
    assert (await engine.predict([first("EN__tiny_mobile")], text="x")).values == {"tiny": 2.0}
    with pytest.raises(NoModel, match="EN__tiny_mobile"):
        await engine.predict([first("EN__tiny_mobile"), Ask("tiny", "second", "EN__tiny_mobile")], text="x")


async def test_what_runs_while_an_engine_is_closed_comes_to_its_end(made):
    begun, go = threading.Event(), threading.Event()

    class Held(Lengths):
        def run(self, items):
            begun.set()
            assert go.wait(PATIENCE)
            return super().run(items)

    engine = made(steps=[replace(STEPS[0], load=Held)], a=0)
    running = asyncio.ensure_future(engine.predict([first("a")], text="four"))
    await asyncio.to_thread(begun.wait, PATIENCE)
    engine.close()
    go.set()
    assert (await running).values == {"tiny": 8.0}


async def test_what_is_being_loaded_while_an_engine_is_closed_is_used_and_not_kept(made):
    begun, go = threading.Event(), threading.Event()

    def load(place, open_session):
        begun.set()
        assert go.wait(PATIENCE)
        return Lengths(place, open_session)

    engine = made(steps=[replace(STEPS[0], load=load)], a=0)
    running = asyncio.ensure_future(engine.predict([first("a")], text="four"))
    await asyncio.to_thread(begun.wait, PATIENCE)
    engine.close()
    go.set()
    assert (await running).values == {"tiny": 8.0}
    assert names(engine) == []
    assert engine.pool._timer is None
