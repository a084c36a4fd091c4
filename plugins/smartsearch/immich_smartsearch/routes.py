"""Searching by what photos show, and where the vectors for it stand."""

from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from pydantic import MISSING

from immich_host.plugin_api import Caller, Host, Permission, Routes
from immich_host.plugin_api.web import RawJson
from immich_search.api import SearchResponseDto, as_page, conditions
from immich_smartsearch import store
from immich_smartsearch.asking import is_on, looked_for
from immich_smartsearch.dto import SmartSearchDto, SmartSearchModelDto, SmartSearchStatusDto
from immich_smartsearch.neighbours import Wanted
from immich_smartsearch.searching import Searcher
from immich_smartsearch.settings import ClipSettings
from immich_smartsearch.texts import Texts

ROUTES = Routes("Search")

_USUAL_SIZE = 100


@dataclass(slots=True)
class _Kept:
    """What a process keeps for its host."""

    searcher: Searcher
    texts: Texts = field(default_factory=Texts)


_KEPT: WeakKeyDictionary[Host, _Kept] = WeakKeyDictionary()


def _kept(host: Host) -> _Kept:
    found = _KEPT.get(host)
    if found is None:
        found = _KEPT[host] = _Kept(Searcher(host.db))
    return found


@ROUTES.post("/search/smart", permission=Permission.ASSET_READ, operation_id="searchSmart", answers=SearchResponseDto)
async def search_smart(caller: Caller, host: Host, body: SmartSearchDto) -> RawJson:
    """A page of assets, the most similar first: to a text, or to an asset."""
    kept = _kept(host)
    aim = await looked_for(host, caller, kept.texts, body)
    among = await conditions(host, caller, body)
    if aim is None:
        return as_page([])
    size = _USUAL_SIZE if body.size is MISSING else body.size
    number = 1 if body.page is MISSING else body.page
    start = min((number - 1) * size, 2**31)
    ids = await kept.searcher.nearest(Wanted(*aim, among), start=start, amount=size + 1)
    items = await host.assets.answers_json(caller, ids[:size], with_exif=body.with_exif is True, extras=())
    # whoever filters as in 3.2 may not send a number
    has_next = len(ids) > size and body.is_flat
    return as_page(list(items.values()), next_page=number + 1 if has_next else None)


@ROUTES.get(
    "/plugins/smartsearch/status",
    permission=Permission.SYSTEM_CONFIG_READ,
    admin=True,
    operation_id="getSmartSearchStatus",
    tag="Smart search",
)
async def status(host: Host) -> SmartSearchStatusDto:
    """The models that assets were looked at with, and how far each is."""
    wanted = await store.current(host.db, host.settings(ClipSettings).model_name)
    counts = await store.counts(host.db)
    models = [
        SmartSearchModelDto(
            name=model.name,
            dimensions=model.dimensions,
            is_wanted=model.id == wanted.id,
            is_answering=model.is_answering,
            is_indexed=model.is_indexed,
            assets=counts.get(model.id, 0),
            problem=model.problem,
        )
        for model in await store.models(host.db)
    ]
    return SmartSearchStatusDto(is_enabled=is_on(host), assets=await store.eligible(host.db), models=models)
