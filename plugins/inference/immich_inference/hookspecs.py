"""Hooks by which other plugins bring models and tasks; read from every installed plugin, on or off."""

from collections.abc import Sequence

from immich_host.plugin_api.markers import Kind, hookspec
from immich_inference.api import Download, Model, Step


@hookspec(Kind.REGISTER)
def inference_tasks() -> Sequence[Step]:
    """Before the first prediction, also while the plugin is off: types of tasks. Every process, and `infer`.

    Raising is logged, and leaves out what this plugin brings.
    """
    raise NotImplementedError


@hookspec(Kind.REGISTER)
def inference_models() -> Sequence[Model]:
    """Before the first prediction, also while the plugin is off: models that came with a package.

    Every process, and `infer`. Raising is logged, and leaves out what this plugin brings.
    """
    raise NotImplementedError


@hookspec(Kind.REGISTER)
def inference_downloads() -> Sequence[Download]:
    """When a model is not here, also while the plugin is off: models that are downloaded from elsewhere than the hub.

    Every process, and `infer`. Raising is logged, and leaves out what this plugin brings.
    """
    raise NotImplementedError
