"""The calendar heat map: how many assets fall on each day."""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from immich_host.plugin_api.database import Database
from immich_host.plugin_api.errors import Refused
from immich_host.users import store
from immich_host.users.dto import CalendarHeatmapDay, CalendarHeatmapResponseDto, CalendarHeatmapType

YEAR: Final = timedelta(days=365)
LONGEST: Final = timedelta(days=366 * 10)
COLUMNS: Final = {CalendarHeatmapType.UPLOAD: "created_at", CalendarHeatmapType.TAKEN: "local_date_time"}


async def heatmap(
    db: Database, user_id: UUID, kind: CalendarHeatmapType, first: date | None, last: date | None
) -> CalendarHeatmapResponseDto:
    """The days that have assets, from `first` to `last`; by default the year up to today (UTC).

    Raises:
        Refused: 400 where the range is empty or too long.
    """
    last = last or datetime.now(UTC).date()
    first = first or last - min(YEAR, last - date.min)
    if not timedelta() <= last - first <= LONGEST:
        raise Refused(400, "The range of dates is empty or too long")
    days = await store.per_day(db, user_id, COLUMNS[kind], first, last)
    return CalendarHeatmapResponseDto(
        from_=first.isoformat(),
        to=last.isoformat(),
        series=[CalendarHeatmapDay(date=day.isoformat(), count=count) for day, count in days],
        total_count=sum(count for _, count in days),
    )
