"""Which faces that were found are known already."""

from uuid import uuid4

from immich_faces.detect_matching import Box, Found, Known, matched


def box(x1: int, y1: int, x2: int, y2: int, scale: int = 1) -> Box:
    return Box(x1 * scale, y1 * scale, x2 * scale, y2 * scale, 100 * scale, 100 * scale)


def found(x1: int, vector: str = "[1]") -> Found:
    return Found(box(x1, 10, x1 + 20, 30), vector)


def known(x1: int, *, is_settled: bool = False, is_taken_away: bool = False, scale: int = 1, width: int = 20) -> Known:
    return Known(uuid4(), box(x1, 10, x1 + width, 30, scale), is_settled=is_settled, is_taken_away=is_taken_away)


def test_a_face_that_is_found_again_stays() -> None:
    there = known(11, scale=4)
    plan = matched([found(10, "[2]")], [there], anew=False)
    assert (plan.new, plan.again, plan.gone) == ([], [(there.id, "[2]")], [])


def test_less_than_half_the_same_is_another() -> None:
    there = Known(uuid4(), Box(10, 10, 19, 30, 100, 100), is_settled=False, is_taken_away=False)
    plan = matched([found(10)], [there], anew=False)
    assert (len(plan.new), plan.again, plan.gone) == (1, [], [there.id])


def test_what_is_not_found_goes_but_for_what_a_human_or_a_file_said() -> None:
    lost, said = known(60), known(80, is_settled=True)
    plan = matched([found(10)], [lost, said], anew=False)
    assert (len(plan.new), plan.gone) == (1, [lost.id])


def test_each_face_has_one_partner_the_best() -> None:
    near, nearer = known(12), known(10)
    plan = matched([found(10), found(11)], [near, nearer], anew=False)
    assert plan.again[0][0] == nearer.id
    assert {face_id for face_id, _ in plan.again} == {near.id, nearer.id}
    assert plan.new == []
    plan = matched([found(10), found(11)], [nearer], anew=False)
    assert (plan.again, len(plan.new)) == ([(nearer.id, "[1]")], 1)


def test_anew_only_what_was_said_stays() -> None:
    there, said = known(10), known(60, is_settled=True)
    plan = matched([found(10), found(60)], [there, said], anew=True)
    assert (plan.new, plan.again, plan.gone) == ([found(10)], [(said.id, "[1]")], [there.id])


def test_what_a_human_took_away_is_not_found_again() -> None:
    away = known(10, is_settled=True, is_taken_away=True)
    plan = matched([found(10)], [away], anew=False)
    assert (plan.new, plan.again, plan.gone) == ([], [], [])


def test_boxes_without_size_match_nothing() -> None:
    empty = Known(uuid4(), Box(0, 0, 0, 0, 0, 0), is_settled=False, is_taken_away=False)
    plan = matched([Found(Box(5, 5, 5, 5, 100, 100), "[]")], [empty], anew=False)
    assert (len(plan.new), plan.again, plan.gone) == (1, [], [empty.id])
