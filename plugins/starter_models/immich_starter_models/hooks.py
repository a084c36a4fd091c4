"""Wiring: what this plugin hands to the host."""

from collections.abc import Sequence
from pathlib import Path

from immich_host.plugin_api import hookimpl
from immich_inference.api import Model

_MODELS = Path(__file__).parent / "models"


@hookimpl
def inference_models() -> Sequence[Model]:
    """The model `starter`: of `clip`, by a second output of which duplicates are told, and of `facial-recognition`."""
    folders = {"clip": "clip", "duplicate-detection": "clip", "facial-recognition": "facial-recognition"}
    return [Model(task, "starter", _MODELS / folder / "starter") for task, folder in folders.items()]
