"""Wire models of people, faces and cluster groups."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, AfterValidator, Field

from immich_host.plugin_api.answers import PersonResponseDto
from immich_host.plugin_api.dto import Dto, QueryDto
from immich_host.plugin_api.types import Day, HexColor, Id, QueryBool, QueryInt, Timestamp

LARGEST = 2**53 - 1


def _not_to_come(value: date) -> date:
    if value > datetime.now(UTC).date():
        raise ValueError("Birth date cannot be in the future")
    return value


type BirthDate = Annotated[Day, AfterValidator(_not_to_come)]
type Whole = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
type Counted = Annotated[int, Field(ge=0, le=LARGEST)]


class SourceType(StrEnum):
    """Who says that there is a face."""

    MACHINE_LEARNING = "machine-learning"
    EXIF = "exif"
    MANUAL = "manual"


class PersonCreateDto(Dto):
    """A new person."""

    birth_date: BirthDate | MISSING | None = MISSING
    color: HexColor | MISSING | None = MISSING
    is_favorite: bool | MISSING = MISSING
    is_hidden: bool | MISSING = MISSING
    name: str | MISSING = MISSING


class PersonUpdateDto(PersonCreateDto):
    """What is to change of a person; what is absent stays."""

    feature_face_asset_id: Id | MISSING = MISSING


class PeopleUpdateItem(PersonUpdateDto):
    """The same, and of whom."""

    id: Id


class PeopleUpdateDto(Dto):
    """Changes of many people."""

    people: list[PeopleUpdateItem]


class MergePersonDto(Dto):
    """People who are one."""

    ids: list[Id]


class AssetFaceUpdateItem(Dto):
    """The face of one person in one asset."""

    asset_id: Id
    person_id: Id


class AssetFaceUpdateDto(Dto):
    """Faces that are somebody else's."""

    data: list[AssetFaceUpdateItem]


class PeopleQuery(QueryDto):
    """Query of `getAllPeople`."""

    closest_asset_id: Id | None = None
    closest_person_id: Id | None = None
    page: Annotated[QueryInt, Field(ge=1, le=LARGEST)] = 1
    size: Annotated[QueryInt, Field(ge=1, le=1000)] = 500
    with_hidden: QueryBool | None = None


class SearchPeopleQuery(QueryDto):
    """Query of `searchPerson`."""

    name: str
    with_hidden: QueryBool | None = None


class PeopleResponseDto(Dto):
    """A page of people."""

    has_next_page: bool | MISSING = MISSING
    hidden: Counted
    people: list[PersonResponseDto]
    total: Counted


class PersonStatisticsResponseDto(Dto):
    """How many assets show a person."""

    assets: Whole


class FaceDto(Dto):
    """A face, or in a query the asset whose faces are asked for."""

    id: Id


class FacesQuery(QueryDto):
    """Query of `getFaces`: an asset."""

    id: Id


class AssetFaceCreateDto(Dto):
    """A face that somebody has drawn; pixels of the picture as shown, which is of `image_width` x `image_height`."""

    asset_id: Id
    height: Whole
    image_height: Whole
    image_width: Whole
    person_id: Id
    width: Whole
    x: Whole
    y: Whole


class AssetFaceDeleteDto(Dto):
    """Whether the face is to be gone for good; otherwise it is kept, so that it is not found again."""

    force: bool


class AssetFaceResponseDto(Dto):
    """A face in an asset; the box in pixels of a picture of `image_width` x `image_height`."""

    bounding_box_x1: Whole
    bounding_box_x2: Whole
    bounding_box_y1: Whole
    bounding_box_y2: Whole
    id: UUID
    image_height: Counted
    image_width: Counted
    person: PersonResponseDto | None
    source_type: SourceType | MISSING = MISSING


class ClusterGroupRequestCreateDto(Dto):
    """Whom to invite."""

    user_id: Id


class ClusterGroupRequestResponseDto(Dto):
    """An invitation to a cluster group."""

    cluster_group_id: UUID
    created_at: Timestamp
    id: UUID
    user_id: UUID
