"""The filters of 3.2: an object per field, with one operator or more, all of which must hold."""

from typing import Annotated, Self

from pydantic import MISSING, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from immich_host.plugin_api.answers import AssetTypeEnum, AssetVisibility
from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import Id, Timestamp

_Texts = Annotated[list[str], Field(min_length=1)]
_Numbers = Annotated[list[float], Field(min_length=1)]
_Ids = Annotated[list[Id], Field(min_length=1)]
_Part = Annotated[str, Field(min_length=1)]


class Operators(Dto):
    """At least one operator is given."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="after")
    def _one_is_given(self) -> Self:
        if not self.model_fields_set:
            names = ", ".join(field.alias or name for name, field in type(self).model_fields.items())
            raise PydanticCustomError(
                "no_operator", "Invalid input: expected at least one of {names}", {"names": names}
            )
        return self


class StringFilter(Operators):
    """Equal to a text, or to one of several, or not."""

    eq: str | MISSING = MISSING
    in_: Annotated[_Texts | MISSING, Field(alias="in")] = MISSING
    ne: str | MISSING = MISSING
    not_in: _Texts | MISSING = MISSING


class StringFilterNullable(Operators):
    """The same, where `null` stands for what is not known."""

    eq: str | MISSING | None = MISSING
    in_: Annotated[_Texts | MISSING, Field(alias="in")] = MISSING
    ne: str | MISSING | None = MISSING
    not_in: _Texts | MISSING = MISSING


class StringPatternFilter(StringFilterNullable):
    """The same, and by parts: whatever the case and accents, and with no character of special meaning."""

    ends_with: _Part | MISSING = MISSING
    like: _Part | MISSING = MISSING
    not_like: _Part | MISSING = MISSING
    starts_with: _Part | MISSING = MISSING


class StringSimilarityFilter(Dto):
    """Words that are looked for."""

    matches: _Part


class NumberFilter(Operators):
    """Compared with numbers."""

    eq: float | MISSING = MISSING
    gt: float | MISSING = MISSING
    gte: float | MISSING = MISSING
    in_: Annotated[_Numbers | MISSING, Field(alias="in")] = MISSING
    lt: float | MISSING = MISSING
    lte: float | MISSING = MISSING
    ne: float | MISSING = MISSING
    not_in: _Numbers | MISSING = MISSING


class NumberFilterNullable(Operators):
    """The same, where `null` stands for what is not known."""

    eq: float | MISSING | None = MISSING
    gt: float | MISSING = MISSING
    gte: float | MISSING = MISSING
    in_: Annotated[_Numbers | MISSING, Field(alias="in")] = MISSING
    lt: float | MISSING = MISSING
    lte: float | MISSING = MISSING
    ne: float | MISSING | None = MISSING
    not_in: _Numbers | MISSING = MISSING


class DateFilter(Operators):
    """Compared with moments, as exactly as clients are told them: to the millisecond."""

    eq: Timestamp | MISSING = MISSING
    gt: Timestamp | MISSING = MISSING
    gte: Timestamp | MISSING = MISSING
    lt: Timestamp | MISSING = MISSING
    lte: Timestamp | MISSING = MISSING
    ne: Timestamp | MISSING = MISSING


class DateFilterNullable(Operators):
    """The same, where `null` stands for never."""

    eq: Timestamp | MISSING | None = MISSING
    gt: Timestamp | MISSING = MISSING
    gte: Timestamp | MISSING = MISSING
    lt: Timestamp | MISSING = MISSING
    lte: Timestamp | MISSING = MISSING
    ne: Timestamp | MISSING | None = MISSING


class IdFilter(Operators):
    """One, or all but one."""

    eq: Id | MISSING = MISSING
    ne: Id | MISSING = MISSING


class IdFilterNullable(Operators):
    """The same, where `null` stands for none."""

    eq: Id | MISSING | None = MISSING
    ne: Id | MISSING | None = MISSING


class IdsFilter(Operators):
    """In all, in any, in none of these."""

    all: _Ids | MISSING = MISSING
    any: _Ids | MISSING = MISSING
    none: _Ids | MISSING = MISSING


class BoolFilter(Dto):
    """Yes or no."""

    eq: bool


class EnumFilterAssetType(Operators):
    """Of a kind."""

    eq: AssetTypeEnum | MISSING = MISSING
    in_: Annotated[list[AssetTypeEnum] | MISSING, Field(alias="in", min_length=1)] = MISSING
    ne: AssetTypeEnum | MISSING = MISSING
    not_in: Annotated[list[AssetTypeEnum] | MISSING, Field(min_length=1)] = MISSING


class EnumFilterAssetVisibility(Operators):
    """Shown somewhere."""

    eq: AssetVisibility | MISSING = MISSING
    in_: Annotated[list[AssetVisibility] | MISSING, Field(alias="in", min_length=1)] = MISSING
    ne: AssetVisibility | MISSING = MISSING
    not_in: Annotated[list[AssetVisibility] | MISSING, Field(min_length=1)] = MISSING


class SearchFilterBranch(Dto):
    """What is asked of an asset; everything that is given must hold."""

    model_config = ConfigDict(extra="forbid")

    album_ids: IdsFilter | MISSING = MISSING
    checksum: StringFilter | MISSING = MISSING
    city: StringFilterNullable | MISSING = MISSING
    country: StringFilterNullable | MISSING = MISSING
    created_at: DateFilter | MISSING = MISSING
    description: StringPatternFilter | MISSING = MISSING
    encoded_video_path: StringFilter | MISSING = MISSING
    file_size_in_bytes: NumberFilter | MISSING = MISSING
    has_albums: BoolFilter | MISSING = MISSING
    has_people: BoolFilter | MISSING = MISSING
    has_tags: BoolFilter | MISSING = MISSING
    id: IdFilter | MISSING = MISSING
    is_encoded: BoolFilter | MISSING = MISSING
    is_favorite: BoolFilter | MISSING = MISSING
    is_motion: BoolFilter | MISSING = MISSING
    is_offline: BoolFilter | MISSING = MISSING
    lens_model: StringFilterNullable | MISSING = MISSING
    library_id: IdFilterNullable | MISSING = MISSING
    make: StringFilterNullable | MISSING = MISSING
    model: StringFilterNullable | MISSING = MISSING
    ocr: StringSimilarityFilter | MISSING = MISSING
    original_file_name: StringPatternFilter | MISSING = MISSING
    original_path: StringPatternFilter | MISSING = MISSING
    person_ids: IdsFilter | MISSING = MISSING
    rating: NumberFilterNullable | MISSING = MISSING
    state: StringFilterNullable | MISSING = MISSING
    tag_ids: IdsFilter | MISSING = MISSING
    taken_at: DateFilter | MISSING = MISSING
    trashed_at: DateFilterNullable | MISSING = MISSING
    type: EnumFilterAssetType | MISSING = MISSING
    updated_at: DateFilter | MISSING = MISSING
    visibility: EnumFilterAssetVisibility | MISSING = MISSING

    def given(self) -> dict[str, Dto]:
        """The fields that are asked about, by their names on the wire."""
        return {
            to_camel(name): getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set
        }


class SearchFilter(SearchFilterBranch):
    """The same, and at least one of the branches under `or`."""

    or_: Annotated[list[SearchFilterBranch] | MISSING, Field(alias="or", min_length=1)] = MISSING

    @property
    def branches(self) -> list[SearchFilterBranch]:
        """What stands under `or`."""
        return [] if self.or_ is MISSING else list(self.or_)

    def given(self) -> dict[str, Dto]:
        """The fields that are asked about, by their names on the wire, but for `or`."""
        return {name: value for name, value in super().given().items() if name != "or_"}
