"""Milestones on a photo's way: which facts follow when one is reached, and what a failure lets through."""

from immich_host.plugin_api.manifest import MILESTONES, Milestone

FACTS: dict[str, Milestone] = {f"asset_{milestone}": milestone for milestone in MILESTONES}
"""Milestone facts in order."""


def fact_of(milestone: str) -> str:
    """The fact that says a milestone is reached."""
    return f"asset_{milestone}"


def facts_reached(fact: str, provided: frozenset[Milestone]) -> list[str]:
    """The fact, and the milestones after it up to the first that an enabled job has to reach.

    A fact that is no milestone stands alone.
    """
    if fact not in FACTS:
        return [fact]
    reached = [fact]
    for milestone in MILESTONES[MILESTONES.index(FACTS[fact]) + 1 :]:
        if milestone in provided:
            break
        reached.append(fact_of(milestone))
    return reached


def survives_failure(milestone: str) -> bool:
    """Whether a milestone is passed although its job failed for good: all but `viewable`, which needs files."""
    return milestone != "viewable"
