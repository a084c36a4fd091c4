import pytest

from immich_host.settings.documents import difference, merge, nested, part, replaced

BASE = {"a": {"b": 1, "c": [1, 2]}, "d": None}


@pytest.mark.parametrize(
    "document",
    [
        BASE,
        {"a": {"b": 2, "c": [1, 2]}, "d": None},
        {"a": {"b": 1, "c": []}, "d": 0},
        {"a": {"b": 1, "c": [1, 2], "x": {"y": 1}}, "d": None, "z": True},
        {"a": {"b": None, "c": [2, 1]}, "d": {"now": "nested"}},
    ],
)
def test_a_difference_brings_back_the_document(document):
    assert merge(BASE, difference(document, BASE)) == document


def test_equal_documents_differ_in_nothing():
    assert difference(BASE, BASE) == {}


def test_merging_leaves_both_alone():
    below = {"a": {"b": 1}}
    merged = merge(below, {"a": {"c": 2}})
    merged["a"]["b"] = 9
    assert below == {"a": {"b": 1}}


def test_dotted_keys():
    assert part(BASE, "a.b") == 1
    assert part(BASE, "x.y") == {}
    assert nested("a.b", 3) == {"a": {"b": 3}}
    assert replaced(BASE, "a.b", 3) == {"a": {"b": 3, "c": [1, 2]}, "d": None}
    assert replaced({}, "a.b", 3) == {"a": {"b": 3}}
