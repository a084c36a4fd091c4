"""Wiring: what this plugin hands to the host, and to `inference`."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Host, Job, Routes, Section, Unusable, hookimpl
from immich_host.plugin_api.jobs import CHAINING_CAUSES
from immich_host.plugin_api.sync import SyncStream
from immich_inference.api import Download, Model, Step
from immich_ocr import jobs, models, routes, store, sync
from immich_ocr.searching import terms_of
from immich_ocr.settings import OcrSettings


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """Immich's `machineLearning.ocr`."""
    return [OcrSettings]


@hookimpl
def register_migrations() -> Path:
    """Lines of text, and what is searched."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`read`, when the preview is there."""
    return jobs.JOBS


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """The text in a picture."""
    return [routes.ROUTES]


@hookimpl
def register_sync() -> Sequence[SyncStream]:
    """Lines of text."""
    return sync.STREAMS


@hookimpl
def inference_tasks() -> Sequence[Step]:
    """The task `ocr`."""
    return models.STEPS


@hookimpl
def inference_models() -> Sequence[Model]:
    """The model in rapidocr's wheel."""
    return models.models()


@hookimpl
def inference_downloads() -> Sequence[Download]:
    """Immich's models, from where rapidocr has them."""
    return models.downloads()


@hookimpl
async def plugin_check(settings: Mapping[str, Section]) -> None:  # noqa: ARG001 - the hook's signature
    """Is rapidocr there? Looked for without loading it."""
    if find_spec("rapidocr") is None:
        raise Unusable("missing rapidocr: pip install rapidocr")


@hookimpl
async def api_features(host: Host) -> Mapping[str, bool]:
    """Tell clients whether text in pictures is read."""
    return {"ocr": jobs.is_on(host)}


@hookimpl
async def asset_file_written(asset_id: UUID, type: str, cause: str, host: Host) -> None:
    """An asset that was skipped for want of a preview has one now; new ones come by in their turn."""
    if (
        type == "preview"
        and cause not in CHAINING_CAUSES
        and jobs.is_on(host)
        and not await store.is_read(host.db, asset_id)
    ):
        await host.jobs.request("ocr.read", asset_id=asset_id, cause="preview")


@hookimpl
async def asset_filter(params: Mapping[str, Any]) -> Mapping[str, tuple[str, Sequence[Any]]]:
    """`ocr`: pictures with these words in them."""
    return {"ocr": store.having(terms_of(params["ocr"]))} if "ocr" in params else {}
