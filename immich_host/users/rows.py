"""An account as the code passes it around."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import orjson


@dataclass(frozen=True, slots=True)
class UserRow:
    """The columns of `user`, and the stored product key (`license`: licenseKey, activationKey, activatedAt)."""

    id: UUID
    email: str
    password: str = field(repr=False)
    pin_code: str | None = field(repr=False)
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    name: str
    profile_image_path: str
    profile_changed_at: datetime
    is_admin: bool
    should_change_password: bool
    avatar_color: str | None
    oauth_id: str
    storage_label: str | None
    quota_size_in_bytes: int | None
    quota_usage_in_bytes: int
    status: str
    cluster_group_id: UUID
    license: Mapping[str, str] | None = field(repr=False)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row of `store.SELECT`."""
        values = {name: row[name] for name in _COLUMNS}
        values["license"] = orjson.loads(row["license"]) if row["license"] else None
        return cls(**values)


_COLUMNS = tuple(one.name for one in fields(UserRow))
