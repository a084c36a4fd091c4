"""Bodies and answers of this plugin's routes, as Immich names them."""

from typing import Annotated

from pydantic import MISSING, AfterValidator

from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import HexColor, Id

_Color = Annotated[HexColor, AfterValidator(lambda color: color if color.startswith("#") else f"#{color}")]


class TagCreateDto(Dto):
    """A tag to make."""

    color: _Color | MISSING | None = MISSING
    name: str
    parent_id: Id | MISSING | None = MISSING


class TagUpdateDto(Dto):
    """What is to change in a tag; a colour that is null goes away."""

    color: _Color | MISSING | None = MISSING
    name: str | MISSING = MISSING


class TagUpsertDto(Dto):
    """Paths of tags, made where they are not there: `Animals/Birds`."""

    tags: list[str]


class TagBulkAssetsDto(Dto):
    """Each of these assets gets each of these tags."""

    asset_ids: list[Id]
    tag_ids: list[Id]


class TagBulkAssetsResponseDto(Dto):
    """How many tags were given."""

    count: int
