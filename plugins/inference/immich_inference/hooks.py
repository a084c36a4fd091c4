"""Wiring: what this plugin hands to the host."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from types import ModuleType

from typer import Typer

from immich_host.plugin_api import Host, Job, Routes, Section, Unusable, hookimpl
from immich_inference import clip, commands, hookspecs, jobs, model_commands, process, routes
from immich_inference.api import Step
from immich_inference.settings import InferenceSettings, MachineLearning

_LIBRARIES = {"onnxruntime": "onnxruntime", "numpy": "numpy", "PIL": "pillow", "tokenizers": "tokenizers"}


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """Immich's `machineLearning`, and how models are run here."""
    return [MachineLearning, InferenceSettings]


@hookimpl
def register_commands() -> Sequence[Typer]:
    """`infer` and `models`."""
    return [commands.INFER, model_commands.MODELS]


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """How models are run, for administrators."""
    return [routes.ROUTES]


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`download`."""
    return jobs.JOBS


@hookimpl
def register_facts() -> ModuleType:
    """`inference_tasks` and `inference_models`."""
    return hookspecs


@hookimpl
def inference_tasks() -> Sequence[Step]:
    """`clip`."""
    return clip.STEPS


@hookimpl
async def plugin_check(settings: Mapping[str, Section]) -> None:  # noqa: ARG001 - the hook's signature
    """Are the libraries there? Looked for without loading them."""
    absent = [package for module, package in _LIBRARIES.items() if find_spec(module) is None]
    if absent:
        raise Unusable(f"missing {', '.join(absent)}: pip install {' '.join(absent)}")


@hookimpl
async def plugin_started(host: Host) -> None:
    """Load models that are to be there from the start; nobody waits for it."""
    process.started(host)
    if host.settings(InferenceSettings).preload:
        process.of_host(host).preload()


@hookimpl
async def plugin_stopped(host: Host) -> None:
    """Let go of models."""
    await process.close(host)
