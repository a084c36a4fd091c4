"""What the routes of this plugin take."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import MISSING, Field

from immich_host.plugin_api.answers import AssetOrder, AssetTypeEnum, AssetVisibility
from immich_host.plugin_api.dto import Dto, QueryDto
from immich_host.plugin_api.types import Id, QueryBool, QueryInt, Timestamp
from immich_search.bodies import OLD, SearchBody

MOST = 9007199254740991
"""The largest whole number that JavaScript holds."""

UNKNOWN = Field(json_schema_extra={"nullable": True})
"""Says in the document what Immich's says; a query string has no null."""

Size = Annotated[int, Field(ge=1, le=1000)]
"""How many on a page."""


class SearchOrderField(StrEnum):
    """What a search is sorted by."""

    FILE_CREATED_AT = "fileCreatedAt"
    LOCAL_DATE_TIME = "localDateTime"
    FILE_SIZE_IN_BYTES = "fileSizeInBytes"
    RATING = "rating"


class SearchOrder(Dto):
    """How a search is sorted."""

    direction: AssetOrder = AssetOrder.DESC
    field: SearchOrderField = SearchOrderField.FILE_CREATED_AT


class MetadataSearchDto(SearchBody):
    """Body of `searchAssets`."""

    checksum: Annotated[str | MISSING, OLD] = MISSING
    cursor: Annotated[str | MISSING, Field(min_length=1)] = MISSING
    description: Annotated[str | MISSING, OLD] = MISSING
    encoded_video_path: Annotated[str | MISSING, OLD] = MISSING
    id: Annotated[Id | MISSING, OLD] = MISSING
    order: Annotated[AssetOrder, OLD] = AssetOrder.DESC
    order_by: SearchOrder | MISSING = MISSING
    original_file_name: Annotated[str | MISSING, OLD] = MISSING
    original_path: Annotated[str | MISSING, OLD] = MISSING
    page: Annotated[Annotated[int, Field(ge=1, le=MOST)] | MISSING, OLD] = MISSING
    preview_path: Annotated[str | MISSING, OLD] = MISSING
    size: Size | MISSING = MISSING
    thumbnail_path: Annotated[str | MISSING, OLD] = MISSING
    with_deleted: Annotated[bool | MISSING, OLD] = MISSING
    with_exif: bool | MISSING = MISSING
    with_people: bool | MISSING = MISSING
    with_stacked: bool | MISSING = MISSING


class RandomSearchDto(SearchBody):
    """Body of `searchRandom`."""

    size: Size | MISSING = MISSING
    with_deleted: Annotated[bool | MISSING, OLD] = MISSING
    with_exif: bool | MISSING = MISSING
    with_people: bool | MISSING = MISSING
    with_stacked: bool | MISSING = MISSING


class StatisticsSearchDto(SearchBody):
    """Body of `searchAssetStatistics`."""

    description: Annotated[str | MISSING, OLD] = MISSING


class LargeAssets(SearchBody):
    """The query of `searchLargeAssets` in the form of the other searches."""

    min_file_size: Annotated[int | MISSING, OLD] = MISSING
    with_deleted: Annotated[bool | MISSING, OLD] = MISSING


class LargeAssetsQuery(QueryDto):
    """Query of `searchLargeAssets`; an empty name stands for what is not known."""

    album_ids: list[Id] | None = None
    city: Annotated[str | None, UNKNOWN] = None
    country: Annotated[str | None, UNKNOWN] = None
    created_after: Timestamp | None = None
    created_before: Timestamp | None = None
    is_encoded: QueryBool | None = None
    is_favorite: QueryBool | None = None
    is_motion: QueryBool | None = None
    is_not_in_album: QueryBool | None = None
    is_offline: QueryBool | None = None
    lens_model: Annotated[str | None, UNKNOWN] = None
    library_id: Annotated[Id | None, UNKNOWN] = None
    make: Annotated[str | None, UNKNOWN] = None
    min_file_size: Annotated[QueryInt, Field(ge=0, le=MOST)] | None = None
    model: Annotated[str | None, UNKNOWN] = None
    ocr: str | None = None
    person_ids: list[Id] | None = None
    rating: Annotated[Annotated[QueryInt, Field(ge=1, le=5)] | None, UNKNOWN] = None
    size: Annotated[QueryInt, Field(ge=1, le=1000)] | None = None
    state: Annotated[str | None, UNKNOWN] = None
    tag_ids: Annotated[list[Id] | None, UNKNOWN] = None
    taken_after: Timestamp | None = None
    taken_before: Timestamp | None = None
    trashed_after: Timestamp | None = None
    trashed_before: Timestamp | None = None
    type: AssetTypeEnum | None = None
    updated_after: Timestamp | None = None
    updated_before: Timestamp | None = None
    visibility: AssetVisibility | None = None
    with_deleted: QueryBool | None = None
    with_exif: QueryBool | None = None

    @property
    def body(self) -> LargeAssets:
        """As the other searches ask."""
        known = LargeAssets.model_fields
        given: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set if name in known}
        return LargeAssets.model_validate(given)


class SearchSuggestionType(StrEnum):
    """Of what values are suggested."""

    COUNTRY = "country"
    STATE = "state"
    CITY = "city"
    CAMERA_MAKE = "camera-make"
    CAMERA_MODEL = "camera-model"
    CAMERA_LENS_MODEL = "camera-lens-model"


class SuggestionsQuery(QueryDto):
    """Query of `getSearchSuggestions`: which values, and of what these are to be."""

    country: str | None = None
    include_null: QueryBool | None = None
    lens_model: str | None = None
    make: str | None = None
    model: str | None = None
    state: str | None = None
    type: SearchSuggestionType
