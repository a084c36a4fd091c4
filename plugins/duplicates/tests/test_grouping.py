"""Groups of linked assets: pure rules."""

from uuid import UUID

from immich_duplicates.grouping import Member, regrouped

A, B, C, D, E = (UUID(int=number) for number in range(1, 6))
G, H = UUID(int=100), UUID(int=200)


def members(
    *ids: UUID, groups: dict[UUID, UUID] | None = None, by_others: bool = False, gone: tuple[UUID, ...] = ()
) -> list[Member]:
    held = groups or {}
    return [Member(each, held.get(each), None if by_others else held.get(each), each not in gone) for each in ids]


def test_what_is_linked_by_others_is_one_group() -> None:
    found = regrouped(members(A, B, C, D), [(A, B), (B, C)])
    assert found[A] == found[B] == found[C] is not None
    assert found[A].version == 4
    assert found[D] is None


def test_the_order_of_links_does_not_matter() -> None:
    held = {A: H, C: G, D: G}
    one = regrouped(members(A, B, C, D, E, groups=held), [(A, B), (C, D), (B, C)])
    other = regrouped(members(E, D, C, B, A, groups=held), [(C, B), (D, C), (B, A)])
    assert one == other == {A: G, B: G, C: G, D: G, E: None}


def test_a_group_keeps_its_id_and_of_two_the_larger_one_does() -> None:
    assert regrouped(members(A, B, groups={A: G}), [(A, B)]) == {A: G, B: G}
    assert regrouped(members(A, B, C, groups={A: G, B: H, C: H}), [(A, B), (B, C)]) == {A: H, B: H, C: H}


def test_where_the_one_in_the_middle_leaves_the_group_falls_apart() -> None:
    held = dict.fromkeys((A, B, C, D, E), G)
    found = regrouped(members(A, B, C, D, E, groups=held, gone=(C,)), [(A, B), (B, C), (C, D), (D, E)])
    assert found[A] == found[B] == G
    assert found[D] == found[E] not in {G, None}
    assert found[C] is None


def test_one_alone_is_no_group() -> None:
    assert regrouped(members(A, B, groups={A: G, B: G}, gone=(B,)), [(A, B)]) == {A: None, B: None}
    assert regrouped(members(A, B, groups={A: G, B: G}), []) == {A: None, B: None}


def test_groups_that_others_made_hold_together() -> None:
    assert regrouped(members(A, B, groups={A: G, B: G}, by_others=True), []) == {A: G, B: G}
    mixed = [*members(A, groups={A: G}), *members(B, groups={B: G}, by_others=True)]
    assert regrouped(mixed, []) == {A: G, B: G}
