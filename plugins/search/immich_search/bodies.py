"""What all searches take: the filter of 3.2, or the flat fields of before, not both."""

from typing import Annotated, ClassVar, Self

from pydantic import MISSING, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from immich_host.plugin_api.answers import AssetTypeEnum, AssetVisibility
from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import Id, Timestamp
from immich_search.filters import SearchFilter

DEPRECATED: JsonDict = {"deprecated": True}
OLD = Field(json_schema_extra=DEPRECATED)
"""Marks a flat field, which is refused beside `filter`, `orderBy` and `cursor`."""

Rating = Annotated[int, Field(ge=1, le=5)]
"""Stars."""


class FlatFields(Dto):
    """The flat fields that every search has; `null` stands for what is not known."""

    album_ids: Annotated[list[Id] | MISSING, OLD] = MISSING
    city: Annotated[str | MISSING | None, OLD] = MISSING
    country: Annotated[str | MISSING | None, OLD] = MISSING
    created_after: Annotated[Timestamp | MISSING, OLD] = MISSING
    created_before: Annotated[Timestamp | MISSING, OLD] = MISSING
    is_encoded: Annotated[bool | MISSING, OLD] = MISSING
    is_favorite: Annotated[bool | MISSING, OLD] = MISSING
    is_motion: Annotated[bool | MISSING, OLD] = MISSING
    is_not_in_album: Annotated[bool | MISSING, OLD] = MISSING
    is_offline: Annotated[bool | MISSING, OLD] = MISSING
    lens_model: Annotated[str | MISSING | None, OLD] = MISSING
    library_id: Annotated[Id | MISSING | None, OLD] = MISSING
    make: Annotated[str | MISSING | None, OLD] = MISSING
    model: Annotated[str | MISSING | None, OLD] = MISSING
    ocr: Annotated[str | MISSING, OLD] = MISSING
    person_ids: Annotated[list[Id] | MISSING, OLD] = MISSING
    rating: Annotated[Rating | MISSING | None, OLD] = MISSING
    state: Annotated[str | MISSING | None, OLD] = MISSING
    tag_ids: Annotated[list[Id] | MISSING | None, OLD] = MISSING
    taken_after: Annotated[Timestamp | MISSING, OLD] = MISSING
    taken_before: Annotated[Timestamp | MISSING, OLD] = MISSING
    trashed_after: Annotated[Timestamp | MISSING, OLD] = MISSING
    trashed_before: Annotated[Timestamp | MISSING, OLD] = MISSING
    type: Annotated[AssetTypeEnum | MISSING, OLD] = MISSING
    updated_after: Annotated[Timestamp | MISSING, OLD] = MISSING
    updated_before: Annotated[Timestamp | MISSING, OLD] = MISSING
    visibility: Annotated[AssetVisibility | MISSING, OLD] = MISSING


class SearchBody(FlatFields):
    """Base of the bodies of all searches; a subclass marks its own flat fields with `OLD`."""

    NEW: ClassVar[tuple[str, ...]] = ("filter", "order_by", "cursor")

    filter: SearchFilter | MISSING = MISSING

    @property
    def flat_fields(self) -> list[str]:
        """The flat fields that were given, by their names on the wire."""
        fields = type(self).model_fields
        return [
            fields[name].alias or name
            for name in sorted(self.model_fields_set)
            if fields[name].json_schema_extra == DEPRECATED
        ]

    @property
    def is_flat(self) -> bool:
        """Whether this is asked as before 3.2."""
        return self.model_fields_set.isdisjoint(self.NEW)

    @model_validator(mode="after")
    def _one_way_of_asking(self) -> Self:
        if not self.is_flat and (flat := self.flat_fields):
            raise PydanticCustomError(
                "mixed_search", "filter, orderBy and cursor do not go with {flat}", {"flat": ", ".join(flat)}
            )
        return self
