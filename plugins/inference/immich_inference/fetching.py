"""A model that is set and not here yet: it is downloaded when it is first needed, and then runs."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from immich_inference.api import Ask, Prediction
from immich_inference.downloading import download
from immich_inference.elsewhere import source_of
from immich_inference.engine import Engine
from immich_inference.errors import DownloadFailed, NoModel
from immich_inference.hub import Hub
from immich_inference.progress import state_of

AGAIN_SECONDS = 600.0
"""How long after a failure the hub is not asked again, however many photos want the model."""


class Fetching:
    """An engine whose missing models are downloaded."""

    def __init__(self, engine: Engine, hub: Callable[[], Hub]) -> None:
        self._engine = engine
        self._hub = hub

    async def predict(
        self, asks: Sequence[Ask], *, image: Path | bytes | None = None, text: str | None = None
    ) -> Prediction:
        """As the engine, after a download where one is needed. It takes as long as that takes.

        Raises:
            NoModel: It is not here and cannot be had; and what the engine raises.
        """
        tried: set[tuple[str, str]] = set()
        while True:
            try:
                return await self._engine.predict(asks, image=image, text=text)
            except NoModel as missing:
                if not can_be_fetched(missing) or (missing.task, missing.model) in tried:
                    raise
                tried.add((missing.task, missing.model))
                await self.fetch(missing)

    async def fetch(self, missing: NoModel) -> None:
        """Bring a model, unless that has failed just now.

        Raises:
            NoModel: It cannot be had.
        """
        folder = self._engine.registry.folder
        failed_before(folder, missing)
        try:
            registry = self._engine.registry
            source = source_of(registry, self._hub(), missing.task, missing.model)
            lacking = registry.lacking(missing.task, missing.model)
            await download(source, folder, missing.task, missing.model, lacking=lacking)
        except DownloadFailed as error:
            msg = f"{missing}; its download has failed: {error}"
            raise NoModel(msg) from error


def can_be_fetched(missing: NoModel) -> bool:
    """Whether it is a model of the collection that is missing: of others, somebody has to say that they are wanted."""
    return bool(missing.task) and "/" not in missing.model


def failed_before(folder: Path, missing: NoModel) -> None:
    """Let pass unless a download has failed just now.

    Raises:
        NoModel: It has, with the reason.
    """
    known = state_of(folder, missing.task, missing.model)
    if known is not None and known.error and time.time() - known.at < AGAIN_SECONDS:
        msg = f"{missing}; its download has failed: {known.error}"
        raise NoModel(msg) from missing
