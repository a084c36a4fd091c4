"""From settings and machine to how models are run."""

import onnxruntime as ort
import structlog

from immich_host.plugin_api import Host
from immich_inference.engine import Engine
from immich_inference.loaded import Limits
from immich_inference.providers import absent, chosen
from immich_inference.server_models import registry_of
from immich_inference.sessions import Running
from immich_inference.settings import InferenceSettings

log = structlog.get_logger("inference")

SHARE = 3
"""Models may take one part of so many of what a process may hold: the rest is for decoding and running."""
WITHOUT_LIMIT = 4 << 30
"""Bytes of models where a process may hold any amount."""


def engine_of(host: Host) -> Engine:
    """An engine by the settings of a server."""
    settings = host.settings(InferenceSettings)
    running = running_by(settings, settings.threads or host.cores)
    return Engine(registry_of(host), running, lambda: limits_by(host.settings(InferenceSettings), host.memory_limit))


def running_by(settings: InferenceSettings, threads: int) -> Running:
    """How models are run; what the settings want and is not there is said once."""
    available = ort.get_available_providers()
    failed = dict.fromkeys(absent(available, settings.providers), "this ONNX Runtime has it not")
    if failed:
        log.warning("execution providers of the settings are not there", providers=list(failed))
    return Running(chosen(available, settings.providers), threads, settings.arena, failed)


def limits_by(settings: InferenceSettings, process_memory: int) -> Limits:
    """How much is kept.

    Args:
        settings: The settings.
        process_memory: Bytes that the process may hold; 0 for any amount.
    """
    memory = settings.memory << 20 or process_memory // SHARE or WITHOUT_LIMIT
    return Limits(memory, settings.keep_seconds)
