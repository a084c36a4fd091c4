import pytest

from immich_host.media.ranges import Unsatisfiable, Wanted, is_unchanged, last_modified, pick

ETAG = '"64-1"'
MTIME = 1_700_000_000.75
DATE = last_modified(MTIME)
EARLIER = last_modified(MTIME - 60)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=0-0", (0, 0)),
        ("bytes=10-19", (10, 19)),
        ("bytes=90-", (90, 99)),
        ("bytes=90-1000", (90, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-1000", (0, 99)),
        ("Bytes = 1 - 2", (1, 2)),
        ("bytes=0-1,5-6", None),
        ("bytes=5-4", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=1-x", None),
        ("bytes=--5", None),
        ("items=0-5", None),
        ("nonsense", None),
    ],
)
def test_ranges(asked, expected):
    assert pick(Wanted(range=asked), 100, ETAG, MTIME) == expected


@pytest.mark.parametrize("asked", ["bytes=0-" + "9" * 5000, "bytes=" + "9" * 5000 + "-", "bytes=-" + "9" * 5000])
def test_numbers_longer_than_python_reads_are_no_ranges(asked):
    assert pick(Wanted(range=asked), 100, ETAG, MTIME) is None


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_ranges_behind_the_end(asked):
    with pytest.raises(Unsatisfiable):
        pick(Wanted(range=asked), 100, ETAG, MTIME)


def test_any_range_of_an_empty_file_is_behind_its_end():
    for asked in ("bytes=0-", "bytes=-5"):
        with pytest.raises(Unsatisfiable):
            pick(Wanted(range=asked), 0, ETAG, MTIME)


@pytest.mark.parametrize(
    ("if_range", "holds"),
    [(ETAG, True), ('"other"', False), (f"W/{ETAG}", False), (DATE, True), (EARLIER, False), ("rubbish", False)],
)
def test_if_range(if_range, holds):
    part = pick(Wanted(range="bytes=1-2", if_range=if_range), 100, ETAG, MTIME)
    assert part == ((1, 2) if holds else None)


@pytest.mark.parametrize(
    ("wanted", "unchanged"),
    [
        (Wanted(), False),
        (Wanted(if_none_match=ETAG), True),
        (Wanted(if_none_match=f'"a", W/{ETAG}'), True),
        (Wanted(if_none_match="*"), True),
        (Wanted(if_none_match='"a"'), False),
        (Wanted(if_modified_since=DATE), True),
        (Wanted(if_modified_since=EARLIER), False),
        (Wanted(if_modified_since="rubbish"), False),
        (Wanted(if_none_match='"a"', if_modified_since=DATE), False),
    ],
)
def test_conditions(wanted, unchanged):
    assert is_unchanged(wanted, ETAG, MTIME) is unchanged
