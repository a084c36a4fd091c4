"""What the routes take and answer."""

from typing import Annotated

from pydantic import MISSING, Field

from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import Id
from immich_search.api import OLD, SearchBody

_MOST = 9007199254740991


class SmartSearchDto(SearchBody):
    """Body of `searchSmart`."""

    language: str | MISSING = MISSING
    page: Annotated[Annotated[int, Field(ge=1, le=_MOST)] | MISSING, OLD] = MISSING
    query: str | MISSING = MISSING
    query_asset_id: Id | MISSING = MISSING
    size: Annotated[int, Field(ge=1, le=1000)] | MISSING = MISSING
    with_deleted: Annotated[bool | MISSING, OLD] = MISSING
    with_exif: bool | MISSING = MISSING


class SmartSearchModelDto(Dto):
    """A model that vectors are made with, and how far it is.

    `isWanted` is the one of the settings, `isAnswering` the one by whose vectors searches are answered: they differ
    while the vectors of another model are being made. `assets` is how many it has looked at; `problem` why it cannot
    be used.
    """

    name: str
    dimensions: int | None
    is_wanted: bool
    is_answering: bool
    is_indexed: bool
    assets: int
    problem: str | None


class SmartSearchStatusDto(Dto):
    """Where smart search stands; `assets` is how many there are to be looked at."""

    is_enabled: bool
    assets: int
    models: list[SmartSearchModelDto]
