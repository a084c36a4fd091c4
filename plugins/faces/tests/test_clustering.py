"""Telling faces apart: against the definition, done plainly, and what must hold whatever the faces are."""

import itertools

import numpy as np
import pytest

from immich_faces.clustering import NOBODY, Faces, clustered, reached
from immich_faces.clustering_pairs import SCALE, least_similarity, rounded
from immich_faces.clustering_people import assigned

NEAR = 0.5


def faces_of(
    vectors, *, photos=None, days=None, timeline=None, seeds=None, owners=None, born=None
) -> Faces:  # fmt: skip
    count = len(vectors)
    return Faces(
        rounded(np.array(vectors, float)),
        np.arange(count) if photos is None else np.array(photos),
        np.zeros(count, np.int64) if days is None else np.array(days),
        np.ones(count, np.bool_) if timeline is None else np.array(timeline),
        np.full(count, NOBODY) if seeds is None else np.array(seeds),
        owners or {},
        born or {},
    )


def at(*degrees: float) -> list[list[float]]:
    """Vectors on a circle: those within 60 degrees are neighbours."""
    return [[np.cos(np.radians(each)), np.sin(np.radians(each))] for each in degrees]


def groups(labels) -> list[list[int]]:
    """Clusters as lists of places."""
    found = {}
    for place, label in enumerate(labels.tolist()):
        if label != NOBODY:
            found.setdefault(label, []).append(place)
    return sorted(found.values())


def plainly(faces: Faces, max_distance: float, min_faces: int) -> list[list[int]]:
    """The definition, pair by pair, with none of the shortcuts."""
    count, least = len(faces), least_similarity(max_distance)
    vectors = faces.vectors.astype(np.int64)
    alike = {
        (one, other): int(vectors[one] @ vectors[other])
        for one, other in itertools.combinations(range(count), 2)
        if faces.photos[one] != faces.photos[other]
    }
    near = {pair: similarity for pair, similarity in alike.items() if similarity >= least}
    degree = [1 + sum(place in pair for pair in near) for place in range(count)]
    core = [
        faces.seeds[place] != NOBODY or (faces.may_be_core[place] and degree[place] >= min_faces)
        for place in range(count)
    ]
    clusters = [{place} for place in range(count)]

    def cluster_of(place):
        return next(cluster for cluster in clusters if place in cluster)

    def unite(one, other):
        if one is not other:
            clusters.remove(other)
            one |= other

    def fit(one, other) -> bool:
        both = one | other
        if {faces.photos[place] for place in one} & {faces.photos[place] for place in other}:
            return False
        people = {int(faces.seeds[place]) for place in both} - {NOBODY}
        if len({faces.owners[person] for person in people}) < len(people):
            return False
        days = [faces.days[place] for place in both if faces.seeds[place] == NOBODY]
        return all(day >= faces.born[person] for day in days for person in people if person in faces.born)

    for person in set(faces.seeds.tolist()) - {NOBODY}:
        first, *others = np.flatnonzero(faces.seeds == person).tolist()
        for other in others:
            unite(cluster_of(first), cluster_of(other))
    in_order = sorted(near, key=lambda pair: (-near[pair], pair))
    for one, other in in_order:
        if core[one] and core[other] and fit(cluster_of(one), cluster_of(other)):
            unite(cluster_of(one), cluster_of(other))
    taken = set()
    offers = [
        (-near[pair], face, to) for pair in near for face, to in (pair, pair[::-1]) if not core[face] and core[to]
    ]
    for _, face, to in sorted(offers):
        if face not in taken and fit(cluster_of(to), {face}):
            unite(cluster_of(to), cluster_of(face))
            taken.add(face)
    return sorted(
        sorted(cluster)
        for cluster in clusters
        if any(faces.seeds[place] != NOBODY for place in cluster)
        or (len(cluster) >= min_faces and any(core[place] for place in cluster))
    )


def crowd(seed: int) -> Faces:
    """A few people who look alike, with twins in one photo, seeds, births, archived photos and exact copies."""
    random = np.random.default_rng(seed)
    count, people = int(random.integers(20, 60)), int(random.integers(2, 6))
    centres = random.normal(size=(people, 6))
    vectors = centres[random.integers(0, people, count)] + random.normal(size=(count, 6)) * random.uniform(0.1, 0.7)
    vectors[random.integers(0, count, 4)] = vectors[0]
    seeds = np.where(random.random(count) < 0.15, random.integers(0, 4, count), NOBODY)
    return faces_of(
        vectors,
        photos=random.integers(0, count * 2 // 3, count),
        days=random.integers(0, 10, count),
        timeline=random.random(count) < 0.9,
        seeds=seeds,
        owners={0: 0, 1: 0, 2: 1, 3: 1},
        born={1: 4},
    )


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("at_once", [10, 10**6])
def test_it_is_what_the_definition_says(seed: int, at_once: int) -> None:
    faces = crowd(seed)
    min_faces = 1 + seed % 4
    assert groups(clustered(faces, NEAR, min_faces, at_once=at_once)) == plainly(faces, NEAR, min_faces)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_not_reached_by_a_change_stays_as_it_was(seed: int) -> None:
    """A part that is clustered alone comes out as in the whole."""
    faces = crowd(seed)
    whole = groups(clustered(faces, NEAR, 2))
    start = np.zeros(len(faces), np.bool_)
    start[seed % len(faces)] = True
    chosen = reached(faces, faces.seeds, start, NEAR)
    part = [[int(chosen[place]) for place in group] for group in groups(clustered(faces.only(chosen), NEAR, 2))]
    assert part == [group for group in whole if set(group) & set(chosen.tolist())]
    assert all(set(group) <= set(chosen.tolist()) for group in part)


def test_similarities_are_exact_whatever_they_are_computed_with() -> None:
    vectors = rounded(np.random.default_rng(1).normal(size=(200, 512)))
    exact = vectors.astype(np.int64) @ vectors.astype(np.int64).T
    assert (vectors.astype(np.float32) @ vectors.astype(np.float32).T == exact).all()
    assert abs(np.diag(exact) - SCALE**2).max() < SCALE**2 / 1000
    assert not rounded(np.zeros((1, 4))).any()


def test_enough_faces_near_each_other_make_a_person() -> None:
    assert groups(clustered(faces_of(at(0, 5, 10, 180)), NEAR, 3)) == [[0, 1, 2]]
    assert groups(clustered(faces_of(at(0, 5, 180)), NEAR, 3)) == []
    assert groups(clustered(faces_of(at(0, 5, 180)), NEAR, 1)) == [[0, 1], [2]]


def test_faces_off_the_timeline_make_nobody_but_may_belong() -> None:
    faces = faces_of(at(0, 5, 10, 15), timeline=[False, False, False, False])
    assert groups(clustered(faces, NEAR, 3)) == []
    faces = faces_of(at(0, 5, 10, 15), timeline=[True, False, False, False])
    assert groups(clustered(faces, NEAR, 3)) == [[0, 1, 2, 3]]


def test_two_faces_in_one_photo_are_two_people() -> None:
    faces = faces_of(at(0, 1, 2, 3, 4, 5), photos=[0, 0, 1, 2, 3, 3])
    found = groups(clustered(faces, NEAR, 2))
    assert found
    assert all(len({0, 1} & set(group)) < 2 and len({4, 5} & set(group)) < 2 for group in found)


def test_the_nearest_decides_whose_a_face_between_two_people_is() -> None:
    """Two named people whom a chain of faces connects stay two."""
    chain = at(0, 10, 50, 95, 140)
    faces = faces_of(chain, seeds=[0, NOBODY, NOBODY, NOBODY, 1], owners={0: 0, 1: 0})
    assert groups(clustered(faces, NEAR, 1)) == [[0, 1, 2], [3, 4]]
    assert groups(clustered(faces_of(chain), NEAR, 1)) == [[0, 1, 2, 3, 4]]
    of_two_owners = faces_of(chain, seeds=[0, NOBODY, NOBODY, NOBODY, 1], owners={0: 0, 1: 1})
    assert groups(clustered(of_two_owners, NEAR, 1)) == [[0, 1, 2, 3, 4]]


def test_a_face_that_a_human_has_named_is_enough_for_others_to_follow() -> None:
    faces = faces_of(at(0, 20, 180), seeds=[7, NOBODY, NOBODY], owners={7: 0})
    assert groups(clustered(faces, NEAR, 3)) == [[0, 1]]


def test_nobody_is_in_a_photo_from_before_their_birth() -> None:
    faces = faces_of(at(0, 10, 3), days=[100, 40, 100], seeds=[0, NOBODY, NOBODY], owners={0: 0}, born={0: 50})
    assert groups(clustered(faces, NEAR, 3)) == [[0, 2]]
    said = faces_of(at(0, 5), days=[100, 40], seeds=[0, 0], owners={0: 0}, born={0: 50})
    assert groups(clustered(said, NEAR, 3)) == [[0, 1]], "a human may say so all the same"


@pytest.mark.parametrize("at_once", [1, 10**6])
def test_it_ends_when_nobody_waits_for_it(at_once: int) -> None:
    def over() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        clustered(crowd(1), NEAR, 2, at_once=at_once, check=over)


def test_looking_for_what_is_reached_can_be_ended() -> None:
    def over() -> None:
        raise InterruptedError

    faces = crowd(1)
    start = np.zeros(len(faces), np.bool_)
    start[0] = True
    with pytest.raises(InterruptedError):
        reached(faces, faces.seeds, start, NEAR, check=over)


def test_all_faces_are_not_copied() -> None:
    faces = crowd(1)
    assert np.shares_memory(faces.only(np.arange(len(faces))).vectors, faces.vectors)
    assert len(faces.only(np.arange(2))) == 2


def test_nothing_is_nothing() -> None:
    nothing = faces_of(np.zeros((0, 8)))
    assert clustered(nothing, NEAR, 3).tolist() == []
    assert reached(nothing, nothing.seeds, np.zeros(0, np.bool_), NEAR).tolist() == []
    assert groups(clustered(faces_of(np.zeros((4, 8))), NEAR, 2)) == [], "what is no vector is like nobody"


def people(labels, before, *, owners=None, seeds=None, count=10):
    labels = np.array(labels)
    everywhere = np.zeros(len(labels), np.int64)
    return assigned(
        labels,
        everywhere if owners is None else np.array(owners),
        np.full(len(labels), NOBODY) if seeds is None else np.array(seeds),
        np.array(before),
        count,
    )


def test_people_keep_the_cluster_with_most_of_their_faces() -> None:
    result = people([0, 0, 0, 3, 3, NOBODY], [4, 4, NOBODY, 4, NOBODY, 4])
    assert result.people.tolist() == [4, 4, 4, 10, 10, NOBODY]
    assert result.new == [(3, 0)]


def test_the_older_of_two_people_in_one_cluster_stays() -> None:
    assert people([0, 0, 0, 0], [6, 6, 2, 2]).people.tolist() == [2, 2, 2, 2]


def test_whom_a_human_has_named_stays_whatever_the_numbers() -> None:
    result = people([0, 0, 0, 3], [5, 5, 1, 1], seeds=[NOBODY, NOBODY, 1, NOBODY])
    assert result.people.tolist() == [1, 1, 1, 10]


def test_each_owner_has_a_person_of_their_own() -> None:
    result = people([0, 0, 0, 0], [NOBODY, 3, NOBODY, NOBODY], owners=[0, 0, 1, 1])
    assert result.people.tolist() == [3, 3, 10, 10]
    assert result.new == [(0, 1)]
    assert result.together == {0: [3, 10]}
