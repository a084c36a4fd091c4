"""What searches answer."""

from pydantic import Field

from immich_host.plugin_api.answers import AlbumResponseDto, AssetResponseDto
from immich_host.plugin_api.dto import Dto


class SearchFacetCountResponseDto(Dto):
    """How many there are of a value."""

    count: int
    value: str


class SearchFacetResponseDto(Dto):
    """Values of a field; there are none, as in Immich."""

    counts: list[SearchFacetCountResponseDto]
    field_name: str


class SearchAlbumResponseDto(Dto):
    """Albums that were found; there are none, as in Immich."""

    count: int = 0
    facets: list[SearchFacetResponseDto] = Field(default_factory=list[SearchFacetResponseDto])
    items: list[AlbumResponseDto] = Field(default_factory=list[AlbumResponseDto])
    total: int = 0


class SearchAssetResponseDto(Dto):
    """A page of assets; `total` is how many are on it."""

    count: int
    facets: list[SearchFacetResponseDto] = Field(default_factory=list[SearchFacetResponseDto])
    items: list[AssetResponseDto]
    next_cursor: str | None
    next_page: str | None
    total: int


class SearchResponseDto(Dto):
    """What was found."""

    albums: SearchAlbumResponseDto
    assets: SearchAssetResponseDto


class SearchStatisticsResponseDto(Dto):
    """How many there are."""

    total: int


class SearchExploreItem(Dto):
    """A value, and an asset that has it."""

    data: AssetResponseDto
    value: str


class SearchExploreResponseDto(Dto):
    """Values of a field."""

    field_name: str
    items: list[SearchExploreItem]
