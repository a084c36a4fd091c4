"""Which person a cluster is: people whom somebody has named or seen keep their faces' cluster."""

from collections import Counter
from dataclasses import dataclass

from immich_faces.clustering import NOBODY
from immich_faces.clustering_pairs import Numbers

type Place = tuple[int, int]
"""A cluster's label, and the number of an owner: each owner has a person of their own for it."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """Who is whose face.

    Args:
        people: (n,) Number of the person, or `NOBODY`; new people are numbered on from those that there are.
        new: What the new people are, in the order of their numbers.
        together: Label -> numbers of its people, one an owner.
    """

    people: Numbers
    new: list[Place]
    together: dict[int, list[int]]


def assigned(labels: Numbers, owners: Numbers, seeds: Numbers, before: Numbers, people: int) -> Assigned:
    """People for clusters: those of seeds, else those with most faces in them until now, else new ones.

    Args:
        labels: (n,) Cluster of each face.
        owners: (n,) Number of its owner.
        seeds: (n,) Person whose face a human has said that it is, or `NOBODY`.
        before: (n,) Person whose face it was until now, or `NOBODY`.
        people: How many people there are; they are numbered in the order in which they were made.
    """
    faces = list(zip(labels.tolist(), owners.tolist(), seeds.tolist(), before.tolist(), strict=True))
    chosen: dict[Place, int] = {(label, owner): seed for label, owner, seed, _ in faces if seed != NOBODY}
    _keep(chosen, faces)
    new = sorted({(label, owner) for label, owner, _, _ in faces if label != NOBODY} - set(chosen))
    chosen |= {place: people + number for number, place in enumerate(new)}
    together: dict[int, list[int]] = {}
    for (label, _), person in sorted(chosen.items()):
        together.setdefault(label, []).append(person)
    found = labels.copy()
    for place, (label, owner, _, _) in enumerate(faces):
        found[place] = NOBODY if label == NOBODY else chosen[label, owner]
    return Assigned(found, new, together)


def _keep(chosen: dict[Place, int], faces: list[tuple[int, int, int, int]]) -> None:
    """Give clusters without a seed to the people of whom they hold most faces; each has one cluster."""
    seeded = set(chosen.values())
    shares = Counter(
        ((label, owner), person)
        for label, owner, _, person in faces
        if label != NOBODY and person != NOBODY and person not in seeded
    )
    taken: set[int] = set()
    for (place, person), _ in sorted(shares.items(), key=lambda share: (-share[1], share[0][1], share[0][0])):
        if place not in chosen and person not in taken:
            chosen[place] = person
            taken.add(person)
