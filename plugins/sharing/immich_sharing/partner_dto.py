"""Wire models of partners."""

from enum import StrEnum

from pydantic import MISSING

from immich_host.plugin_api.answers import UserResponseDto
from immich_host.plugin_api.dto import Dto, QueryDto
from immich_host.plugin_api.types import Id


class PartnerDirection(StrEnum):
    """Those with whom one shares, or those who share with oneself."""

    SHARED_BY = "shared-by"
    SHARED_WITH = "shared-with"


class PartnersQuery(QueryDto):
    """Which side of a partnership the caller is on."""

    direction: PartnerDirection


class PartnerCreateDto(Dto):
    """With whom to share."""

    shared_with_id: Id


class PartnerUpdateDto(Dto):
    """Whether a partner's photos are shown in the caller's own timeline."""

    in_timeline: bool


class PartnerResponseDto(UserResponseDto):
    """The other one of a partnership; `inTimeline` is what the one with whom is shared has chosen."""

    in_timeline: bool | MISSING = MISSING
