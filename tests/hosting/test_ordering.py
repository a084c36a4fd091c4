from itertools import permutations

import pytest

from immich_host.plugin_api import Job
from tests.hosting.making import hosting, nothing, on, plugin, statuses


def names(made) -> list[str]:
    return [record.name for record in made.order]


def test_what_is_required_or_wanted_comes_first_and_else_the_name_decides():
    for made in permutations([("c", ()), ("b", ("a",)), ("a", ("c",))]):
        records = [plugin(name, requires=requires) for name, requires in made]
        assert names(hosting(*records)) == ["c", "a", "b"]
    assert names(hosting(plugin("a", wants=("b", "nowhere")), plugin("b"), plugin("c"))) == ["b", "c", "a"]


def test_wishes_may_be_mutual():
    made = hosting(plugin("b", wants=("a",)), plugin("a", wants=("b",)), plugin("c", requires=("b",)))
    assert names(made) == ["a", "b", "c"]


async def test_a_cycle_of_requirements_breaks_its_members_alone():
    made = await on(
        plugin("a", requires=("b",)), plugin("b", requires=("a",)), plugin("c", requires=("a",)), plugin("d")
    )
    assert statuses(made) == {"a": "broken", "b": "broken", "c": "disabled", "d": "enabled"}
    assert "requires itself" in made.records["a"].reason
    assert made.records["c"].reason == "requires a, which is broken"


async def test_what_requires_an_absent_plugin_stays_off():
    made = await on(plugin("a", requires=("gone",)))
    assert statuses(made) == {"a": "disabled"}
    assert made.records["a"].reason == "requires gone, which is not installed"


def provider(name: str, milestone: str = "described", **manifest):
    job = Job("work", run=nothing, queue=name, provides=milestone)
    return plugin(name, jobs=(job,), **{"provides": (milestone,)} | manifest)


def test_a_milestone_has_one_provider():
    made = hosting(provider("b"), provider("a"))
    assert statuses(made) == {"a": "disabled", "b": "broken"}
    assert made.records["b"].reason == "the milestone described is provided by a already"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (provider("a", provides=()), "its manifest provides nothing, its jobs described"),
        (plugin("a", provides=("placed",)), "its manifest provides placed, its jobs nothing"),
        (provider("a", "created"), "the milestone created is the host's own"),
    ],
)
def test_jobs_and_manifest_agree_on_milestones(record, reason: str):
    assert hosting(record).records["a"].reason == reason


def test_two_jobs_of_one_name_break_the_plugin():
    job = Job("work", run=nothing, queue="a")
    made = hosting(plugin("a", jobs=(job, job)))
    assert made.records["a"].reason == "two of its jobs have one name"
    assert made.jobs() == {}
