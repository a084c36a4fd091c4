"""The rules alone."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from immich_auto_stack.grouping import BY_ID, BY_PAIR, BY_TIME, Photo, group_of
from immich_auto_stack.settings import AutoStack

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
CAMERA = ("Canon", "EOS R5")


def photo(name: str, seconds: float = 0, camera=CAMERA, burst=None) -> Photo:
    return Photo(uuid4(), name, NOON + timedelta(seconds=seconds), camera, burst)


def names(photos: list[Photo], seed: int = 0, **rules) -> list[str]:
    group = group_of(photos[seed].id, photos, AutoStack(**rules))
    return [each.name for each in group.photos] if group else []


@pytest.mark.parametrize("raw", ["IMG_1.CR3", "img_1.dng", "IMG_1.ARW"])
def test_a_raw_file_and_its_picture(raw: str):
    photos = [photo(raw), photo("IMG_1.JPG"), photo("IMG_2.JPG")]
    assert names(photos) == names(photos, 1) == ["IMG_1.JPG", raw]
    assert names(photos, shown="raw") == [raw, "IMG_1.JPG"]
    assert names(photos, 2) == []
    assert names(photos, raw_pairs=False) == []


def test_one_raw_with_two_pictures_is_one_stack():
    photos = [photo("a.nef"), photo("a.heic"), photo("a.jpg")]
    assert sorted(names(photos)) == ["a.heic", "a.jpg", "a.nef"]


def test_equal_names_of_other_days_and_cameras_are_no_pair():
    assert names([photo("a.nef"), photo("a.jpg", 11)]) == []
    assert names([photo("a.nef"), photo("a.jpg", 11)], pair_seconds=11) == ["a.jpg", "a.nef"]
    assert names([photo("a.nef"), photo("a.jpg", camera=("Nikon", "Z"))]) == []
    assert names([photo("a.nef"), photo("a.jpg", camera=None)]) == ["a.jpg", "a.nef"]


def test_two_pictures_of_one_name_are_no_pair():
    assert names([photo("a.jpg"), photo("a.png")]) == []


def test_a_burst_by_its_id_shows_the_cover_or_the_first():
    photos = [photo("3.jpg", 3, burst="x"), photo("1.jpg", 1, burst="x"), photo("2.jpg", 2, burst="y")]
    assert names(photos) == ["1.jpg", "3.jpg"]
    assert names(photos, bursts=False) == []
    assert names([*photos, photo("9_COVER.jpg", 9, burst="x")]) == ["9_COVER.jpg", "1.jpg", "3.jpg"]


def test_a_burst_of_pairs_is_one_stack():
    photos = [
        photo(f"{n}.{suffix}", n, burst="x" if suffix == "jpg" else None) for n in (1, 2) for suffix in ("jpg", "nef")
    ]
    group = group_of(photos[3].id, photos, AutoStack())
    assert group is not None
    assert [each.name for each in group.photos] == ["1.jpg", "2.jpg", "1.nef", "2.nef"]
    assert group.rules == {BY_PAIR, BY_ID}


def test_a_burst_by_time_is_asked_for_and_counts_pairs_once():
    photos = [photo("1.jpg", 0), photo("2.jpg", 0.8), photo("3.jpg", 1.6), photo("4.jpg", 4)]
    assert names(photos) == []
    group = group_of(photos[0].id, photos, AutoStack(bursts_by_time=True))
    assert group is not None
    assert [each.name for each in group.photos] == ["1.jpg", "2.jpg", "3.jpg"]
    assert group.rules == {BY_TIME}
    assert names(photos, bursts_by_time=True, burst_minimum=4) == []
    pairs = [photo("1.jpg"), photo("1.nef"), photo("2.jpg", 0.5), photo("2.nef", 0.5)]
    assert names(pairs, bursts_by_time=True) == ["1.jpg", "1.nef"]
