"""Vectors of texts, kept for when the same is looked for again: the next page, or the same words tomorrow."""

from collections import OrderedDict

from immich_host.plugin_api import Host
from immich_smartsearch import embedding
from immich_smartsearch.models import Model

MOST = 500
"""So many are kept, some 5 MB."""
LONGEST = 1000
"""Characters of a text that is kept."""

type _Key = tuple[int, str, str, str | None]


class Texts:
    """The vectors of texts in one process."""

    def __init__(self) -> None:
        self._known: OrderedDict[_Key, str] = OrderedDict()

    async def vector(self, host: Host, model: Model, text: str, language: str | None) -> str:
        """The vector of a text by a model.

        Raises:
            JobFailed, Unavailable: As `immich_inference.api.predict`.
        """
        key = (model.id, model.name, text, language)
        vector = self._known.get(key)
        if vector is None:
            vector = await embedding.of_text(host, model.name, text, language)
            if len(text) > LONGEST:
                return vector
        self._known[key] = vector
        self._known.move_to_end(key)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return vector
