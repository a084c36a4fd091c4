"""Wire models of the user routes."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from immich_host.plugin_api.answers import AssetVisibility, UserAvatarColor
from immich_host.plugin_api.dto import Dto, QueryDto
from immich_host.plugin_api.types import Binary, Email, Id, PinCode, QueryBool, Timestamp


class CalendarHeatmapType(StrEnum):
    """Which date the heat map counts by."""

    UPLOAD = "Upload"
    TAKEN = "Taken"


class UserUpdateMeDto(Dto):
    """Changes to the own account."""

    avatar_color: UserAvatarColor | MISSING | None = MISSING
    email: Email | MISSING = MISSING
    name: str | MISSING = MISSING
    password: str | MISSING = MISSING


class CalendarHeatmapDay(Dto):
    """Assets of one day."""

    count: int
    date: str


class CalendarHeatmapResponseDto(Dto):
    """Assets per day."""

    from_: Annotated[str, Field(validation_alias="from", serialization_alias="from")]
    series: list[CalendarHeatmapDay]
    to: str
    total_count: int


class OnboardingResponseDto(Dto):
    """Whether the user has been shown around."""

    is_onboarded: bool


class OnboardingDto(Dto):
    """Whether the user has been shown around."""

    is_onboarded: bool


class CreateProfileImageDto(Dto):
    """Form with a profile picture."""

    file: Binary


class CreateProfileImageResponseDto(Dto):
    """The profile picture that was stored."""

    profile_changed_at: Timestamp
    profile_image_path: str
    user_id: UUID


class UserAdminCreateDto(Dto):
    """An account to be made."""

    avatar_color: UserAvatarColor | MISSING | None = MISSING
    email: Email
    is_admin: bool | MISSING = MISSING
    name: str
    notify: bool | MISSING = MISSING
    password: str
    pin_code: PinCode | MISSING | None = MISSING
    quota_size_in_bytes: Annotated[int, Field(ge=0)] | MISSING | None = MISSING
    should_change_password: bool | MISSING = MISSING
    storage_label: str | MISSING | None = MISSING


class UserAdminDeleteDto(Dto):
    """How to delete an account."""

    force: bool | MISSING = MISSING


class UserAdminUpdateDto(Dto):
    """Changes to an account."""

    avatar_color: UserAvatarColor | MISSING | None = MISSING
    email: Email | MISSING = MISSING
    is_admin: bool | MISSING = MISSING
    name: str | MISSING = MISSING
    password: str | MISSING = MISSING
    pin_code: PinCode | MISSING | None = MISSING
    quota_size_in_bytes: Annotated[int, Field(ge=0)] | MISSING | None = MISSING
    should_change_password: bool | MISSING = MISSING
    storage_label: str | MISSING | None = MISSING


class SearchUsersAdminQuery(QueryDto):
    """Query of `searchUsersAdmin`."""

    id: Id | None = None
    with_deleted: QueryBool | None = None


class GetUserCalendarHeatmapAdminQuery(QueryDto):
    """Query of `getUserCalendarHeatmapAdmin`."""

    from_: Annotated[date | None, Field(validation_alias="from")] = None
    to: date | None = None
    type: CalendarHeatmapType = CalendarHeatmapType.UPLOAD


class GetUserStatisticsAdminQuery(QueryDto):
    """Query of `getUserStatisticsAdmin`."""

    is_favorite: QueryBool | None = None
    is_trashed: QueryBool | None = None
    visibility: AssetVisibility | None = None


class GetMyCalendarHeatmapQuery(QueryDto):
    """Query of `getMyCalendarHeatmap`."""

    from_: Annotated[date | None, Field(validation_alias="from")] = None
    to: date | None = None
    type: CalendarHeatmapType = CalendarHeatmapType.UPLOAD
