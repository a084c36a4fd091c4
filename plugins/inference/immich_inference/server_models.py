"""Which models a server has and where, by its settings; cheap to import, as what runs models is not."""

from pathlib import Path

from immich_host.plugin_api import Host
from immich_inference.registry import Registry
from immich_inference.settings import InferenceSettings


def models_folder(host: Host) -> Path:
    """Folder of downloaded models."""
    return Path(host.settings(InferenceSettings).folder or host.folder("inference") / "models")


def registry_of(host: Host) -> Registry:
    """What plugins bring, and what is in the folder of models."""
    return Registry(host.brought, lambda: models_folder(host))
