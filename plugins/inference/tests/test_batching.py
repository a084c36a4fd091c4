"""What waits for a model goes together, a bad item fails alone, and what nobody waits for is not run."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from immich_host.testing.waiting import PATIENCE
from immich_inference.batch_sizes import BatchSizes
from immich_inference.batching import Batcher


class Runner:
    """Gives each item doubled; holds a run until it is let go; fails for a batch with a bad item."""

    def __init__(self):
        self.batches = []
        self.go = threading.Event()
        self.go.set()
        self.begun = threading.Event()

    def group(self, item):
        return type(item)

    def run(self, items):
        self.batches.append(list(items))
        self.begun.set()
        assert self.go.wait(PATIENCE)
        if "bad" in items:
            raise ValueError("bad item")
        return [item * 2 for item in items]


@pytest.fixture
def runner():
    return Runner()


@pytest.fixture
def executor():
    with ThreadPoolExecutor(2) as pool:
        yield pool


async def held(runner, batcher):
    """A first item that is being run, so that all others wait."""
    runner.go.clear()
    first = asyncio.ensure_future(batcher.submit([0]))
    await asyncio.to_thread(runner.begun.wait, PATIENCE)
    return first


async def submitted(batcher, *groups):
    tasks = [asyncio.ensure_future(batcher.submit(items)) for items in groups]
    await asyncio.sleep(0)
    return tasks


async def test_an_idle_model_runs_at_once_and_what_comes_meanwhile_goes_together(runner, executor):
    batcher = Batcher(runner, 8, executor)
    first = await held(runner, batcher)
    others = await submitted(batcher, [1], [2, 3], [4])
    runner.go.set()
    assert [await first, *await asyncio.gather(*others)] == [[0], [2], [4, 6], [8]]
    assert runner.batches == [[0], [1, 2, 3, 4]]
    assert (batcher.runs, batcher.items) == (2, 5)


async def test_a_batch_has_no_more_than_it_may_and_items_of_one_group(runner, executor):
    batcher = Batcher(runner, 3, executor)
    first = await held(runner, batcher)
    others = await submitted(batcher, [1, 2], ["a"], [3, 4])
    runner.go.set()
    assert await asyncio.gather(first, *others) == [[0], [2, 4], ["aa"], [6, 8]]
    assert runner.batches == [[0], [1, 2, 3], ["a"], [4]]


async def test_a_bad_item_fails_alone(runner, executor):
    batcher = Batcher(runner, 8, executor)
    first = await held(runner, batcher)
    good, bad, also_good = await submitted(batcher, ["a"], ["bad"], ["b"])
    runner.go.set()
    await first
    assert await good == ["aa"]
    assert await also_good == ["bb"]
    with pytest.raises(ValueError, match="bad item"):
        await bad
    assert runner.batches == [[0], ["a", "bad", "b"], ["a"], ["bad"], ["b"]]


async def test_what_was_cancelled_before_its_run_is_not_run(runner, executor):
    batcher = Batcher(runner, 8, executor)
    first = await held(runner, batcher)
    cancelled, wanted = await submitted(batcher, [1, 2], [3])
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    runner.go.set()
    assert await asyncio.gather(first, wanted) == [[0], [6]]
    assert runner.batches == [[0], [3]]


async def test_nothing_to_do_is_no_run(runner, executor):
    assert await Batcher(runner, 8, executor).submit([]) == []
    assert runner.batches == []


async def test_a_model_that_gives_too_few_results_is_told_off(runner, executor):
    runner.run = lambda items: items[1:]
    with pytest.raises(ValueError, match="0 results for 1 items"):
        await Batcher(runner, 8, executor).submit([1])


def learned(most, seconds_of, runs=100, waiting=1000):
    sizes = BatchSizes(most)
    chosen = []
    for _ in range(runs):
        count = min(sizes.limit(waiting), waiting)
        chosen.append(count)
        sizes.ran(count, seconds_of(count))
    return sizes, chosen


@pytest.mark.parametrize("most", [1, 6, 8, 16])
def test_where_a_run_takes_the_same_for_any_number_the_most_are_taken(most):
    _, chosen = learned(most, lambda _count: 1.0)
    assert chosen[0] == most
    assert set(chosen[-30:]) == {most}


def test_where_many_take_longer_an_item_single_ones_are_taken_after_each_size_was_tried():
    _, chosen = learned(8, lambda count: count**1.2)
    assert set(chosen[:16]) == {8, 4, 2, 1}
    assert set(chosen[-30:]) == {1}


def test_it_notices_when_another_size_has_become_better():
    sizes, _ = learned(8, lambda count: count**1.2)
    for _ in range(3000):
        count = sizes.limit(1000)
        sizes.ran(count, 1.0)
    assert sizes.limit(1000) == 8


def test_no_more_are_taken_than_wait():
    sizes, _ = learned(8, lambda _count: 1.0, waiting=3)
    assert sizes.limit(3) == 3
    assert sizes.limit(1) == 1
