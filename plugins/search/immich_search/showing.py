"""Assets that were found, as the text that is answered."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import orjson

from immich_host.plugin_api import Caller, Host
from immich_host.plugin_api.assets import Extra
from immich_host.plugin_api.web import RawJson
from immich_search.dto import MetadataSearchDto, RandomSearchDto

_NONE = '{"count":0,"facets":[],"items":[],"total":0}'


async def texts(
    host: Host, caller: Caller, asset_ids: Sequence[UUID], body: MetadataSearchDto | RandomSearchDto
) -> list[str]:
    """JSON of each asset, with what the body wants beside it."""
    wanted: list[Extra] = []
    if body.with_people is True:
        wanted.append("people")
    if body.with_stacked is True:
        wanted.append("stack")
    found = await host.assets.answers_json(caller, asset_ids, with_exif=body.with_exif is True, extras=wanted)
    return list(found.values())


def as_list(items: Iterable[str]) -> RawJson:
    """A JSON list of ready items."""
    return RawJson(f"[{','.join(items)}]")


def as_page(items: Collection[str], *, next_page: int | None = None, next_cursor: str | None = None) -> RawJson:
    """A `SearchResponseDto` of ready items; the next page has a number or, since 3.2, a cursor."""
    tail = {
        "count": len(items),
        "facets": [],
        "nextCursor": next_cursor,
        "nextPage": None if next_page is None else str(next_page),
        "total": len(items),
    }
    rest = orjson.dumps(tail)[1:].decode()
    return RawJson(f'{{"albums":{_NONE},"assets":{{"items":[{",".join(items)}],{rest}}}')
