"""Rows as notifications on the wire."""

import orjson
from pydantic import MISSING

from immich_host.plugin_api.database import Row
from immich_notifications.dto import NotificationDto, NotificationLevel, NotificationType


def answer(row: Row) -> NotificationDto:
    """A notification as its user sees it."""
    return NotificationDto(
        created_at=row["created_at"],
        data=MISSING if row["data"] is None else orjson.loads(row["data"]),
        description=MISSING if row["description"] is None else row["description"],
        id=row["id"],
        level=NotificationLevel(row["level"]),
        read_at=MISSING if row["read_at"] is None else row["read_at"],
        title=row["title"],
        type=NotificationType(row["type"]),
    )
