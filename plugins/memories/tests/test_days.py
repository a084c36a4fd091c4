"""For which days memories are made."""

from datetime import date

from immich_memories.days import AROUND, FIRST_YEAR, pairs


def of(found: list[tuple[date, date]], shown: date) -> list[date]:
    return [taken for day, taken in found if day == shown]


def test_every_day_around_has_all_earlier_years() -> None:
    found = pairs(date(2026, 1, 2))
    assert sorted({day for day, _ in found}) == [date(2025, 12, 30 + n) for n in (0, 1)] + [
        date(2026, 1, n) for n in range(1, 6)
    ]
    assert len({day for day, _ in found}) == 2 * AROUND + 1
    assert of(found, date(2026, 1, 1)) == [date(year, 1, 1) for year in range(FIRST_YEAR, 2026)]
    assert of(found, date(2025, 12, 31))[-1] == date(2024, 12, 31)


def test_the_29th_of_february_has_leap_years_only() -> None:
    found = pairs(date(2024, 2, 28))
    years = [taken.year for taken in of(found, date(2024, 2, 29))]
    assert years[-3:] == [2012, 2016, 2020]
    assert 1900 not in years
    assert 2000 in years
    assert of(found, date(2024, 3, 1))[-1] == date(2023, 3, 1)
    assert date(2023, 2, 29 - 1) in of(pairs(date(2025, 2, 28)), date(2025, 2, 28)), "and none on the day before"
    assert all(day.day != 29 for day, _ in pairs(date(2025, 2, 28)))
