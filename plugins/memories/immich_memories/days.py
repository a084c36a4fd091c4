"""For which days memories are made, and of which."""

from datetime import date, timedelta

AROUND = 3
"""Days before and after today: missed nights are made up for, and phones that are away have some days ahead."""

FIRST_YEAR = 1826
"""The year of the oldest photograph."""

type Pair = tuple[date, date]
"""The day on which a memory is shown, and the day of an earlier year that it is of."""


def pairs(today: date) -> list[Pair]:
    """All days around today, each with the same day of all earlier years; 29 February has it in leap years only."""
    shown = [today + timedelta(days=offset) for offset in range(-AROUND, AROUND + 1)]
    return [
        (day, day.replace(year=year))
        for day in shown
        for year in range(FIRST_YEAR, day.year)
        if (day.month, day.day) != (2, 29) or _is_leap(year)
    ]


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
