"""How tags are written."""

import pytest

from immich_tags.paths import MOST_TAGS, chain, changed, fits, normal, tags_of, with_more


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("a", "a"),
        ("a/b", "a/b"),
        (" a / b ", "a/b"),
        ("/a//b/", "a/b"),
        ("a b/c  d", "a b/c  d"),
        ("a/ /b", "a/b"),
        ("", ""),
        (" / // ", ""),
        ("a\0b", "ab"),
        ("\x1b[1m\x07", "[1m"),
        ("a\nb", "a\nb"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("a|b", "a|b"),
    ],
)
def test_one_way_to_write_a_tag(written: str, kept: str) -> None:
    assert normal(written) == kept
    assert normal(kept) == kept


def test_too_long_and_too_deep() -> None:
    assert fits("x" * 2000)
    assert not fits("x" * 2001)
    assert not fits("\u00e9" * 1001)
    assert fits("/".join("x" * 50))
    assert not fits("/".join("x" * 51))


def test_what_is_above() -> None:
    assert chain("a/b/c") == ["a", "a/b", "a/b/c"]


def test_a_file_s_list() -> None:
    assert tags_of(["b", " a/ b", "a/b", "/", "x" * 3000]) == ["b", "a/b"]
    assert len(tags_of(str(number) for number in range(MOST_TAGS + 1))) == MOST_TAGS


def test_changes_follow_each_other() -> None:
    listed = ["a", " a / b", "c"]
    assert changed(listed, [("a/b", "x/b"), ("x/b", "x/y")]) == ["a", "x/y", "c"]
    assert changed(listed, [("a", None), ("a", "z")]) == [" a / b", "c"]
    assert changed(listed, [("a/b", "c")]) == ["a", "c"]
    assert changed(listed, [("b", None)]) == listed


def test_what_is_there_is_not_added_again() -> None:
    assert with_more([" a / b"], ["a/b", "c", "c"]) == [" a / b", "c"]
