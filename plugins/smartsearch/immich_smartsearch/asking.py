"""From what a client asks to the vector that is looked for, and the model by whose vectors it is answered."""

from uuid import UUID

from pydantic import MISSING

from immich_host.plugin_api import Caller, Host, Permission, Refused
from immich_host.plugin_api.errors import JobFailed
from immich_inference.api import Unavailable, is_enabled
from immich_smartsearch import embedding, store
from immich_smartsearch.dto import SmartSearchDto
from immich_smartsearch.models import Model
from immich_smartsearch.settings import ClipSettings
from immich_smartsearch.texts import Texts


def is_on(host: Host) -> bool:
    """Whether photos can be found by what they show, as the administrator wants it."""
    return host.settings(ClipSettings).enabled and is_enabled(host)


async def usable(host: Host) -> list[Model]:
    """Models that have vectors, the one that answers first; while it is replaced, then the new one."""
    name = host.settings(ClipSettings).model_name
    known = [model for model in await store.models(host.db) if model.dimensions is not None]
    return [model for model in known if model.is_answering] + [
        model for model in known if model.name == name and model.retired_at is None and not model.is_answering
    ]


async def looked_for(host: Host, caller: Caller, texts: Texts, body: SmartSearchDto) -> tuple[Model, str] | None:
    """The model that answers, and a vector by it; None where there are no vectors yet.

    Raises:
        Refused: 400 - smart search is off; neither a text nor an asset; an asset that the caller may not see, or
            that nothing has looked at; a model that cannot be used.
    """
    if not is_on(host):
        raise Refused(400, "Smart search is not enabled")
    text = "" if body.query is MISSING else body.query.strip()
    if text:
        language = None if body.language is MISSING else body.language
        return await _by_text(host, texts, text, language)
    if body.query_asset_id is MISSING:
        raise Refused(400, "Say what to look for: a text as query, or an asset as queryAssetId")
    await host.access.require_assets(caller, Permission.ASSET_READ, [body.query_asset_id])
    return await _by_asset(host, body.query_asset_id)


async def _by_text(host: Host, texts: Texts, text: str, language: str | None) -> tuple[Model, str] | None:
    models = await usable(host)
    failure: Exception | None = None
    for model in models:
        try:
            vector = await texts.vector(host, model, text, language)
        except (JobFailed, Unavailable) as error:  # where it is being replaced, the new model may be there
            failure = failure or error
            continue
        if embedding.dimensions(vector) == model.dimensions:
            return model, vector
        failure = failure or JobFailed(
            f"The model {model.name} gives texts {embedding.dimensions(vector)} numbers and pictures {model.dimensions}"
        )
    if failure is not None:
        raise Refused(400, str(failure)) from failure
    return None


async def _by_asset(host: Host, asset_id: UUID) -> tuple[Model, str]:
    vectors = await store.vectors(host.db, asset_id)
    for model in await usable(host):
        if model.id in vectors:
            return model, vectors[model.id]
    raise Refused(400, "Nothing has looked at this asset yet, so nothing similar can be found")
