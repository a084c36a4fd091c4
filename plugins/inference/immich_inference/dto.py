"""What administrators are told about models."""

from typing import Literal

from pydantic import Field

from immich_host.plugin_api.dto import Dto
from immich_inference.layout import MODEL, TASK


class ServiceDto(Dto):
    """A service of the settings."""

    url: str
    is_healthy: bool | None
    """None where nobody has looked yet."""
    reason: str
    """Why it is not healthy."""


class ModelDto(Dto):
    """A model that is here."""

    task: str
    name: str
    types: list[str]
    source: Literal["plugin", "folder"]
    bytes: int
    usable: bool
    """Whether an installed plugin brings its task."""


class LoadedDto(Dto):
    """A type of a model in memory."""

    task: str
    name: str
    type: str
    bytes: int
    provider: str
    is_in_use: bool
    runs: int
    items: int
    """In these runs: more than runs where requests came together."""


class DownloadDto(Dto):
    """A download that goes on or has failed."""

    task: str
    name: str
    done: int
    """Bytes."""
    total: int
    """Bytes; 0 while it is not known."""
    is_under_way: bool
    error: str


class ProcessDto(Dto):
    """How models run in one process of the server."""

    id: int
    """Of the operating system."""
    threads: int
    providers: list[str]
    """Execution providers in the order in which they are tried."""
    failed_providers: dict[str, str]
    """Those that do not work, and why."""
    memory: int
    """Bytes of models in memory."""
    memory_limit: int
    """Bytes of models that it may hold."""
    loaded: list[LoadedDto]


class StatusDto(Dto):
    """How models are run."""

    enabled: bool
    in_process: bool
    services: list[ServiceDto]
    processes: list[ProcessDto]
    """Those of this machine that have run models."""
    models: list[ModelDto]
    downloads: list[DownloadDto]


class WantedModelDto(Dto):
    """A model to download: of Immich's collection, or `owner/name` on the hub."""

    task: str = Field(pattern=f"^{TASK}$")
    name: str = Field(pattern=f"^{MODEL}$")
