"""The settings: Immich's `machineLearning` section, and how models are run here."""

from typing import Annotated, ClassVar

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel
from pydantic.functional_validators import AfterValidator

from immich_host.plugin_api import Section

_URL: TypeAdapter[AnyHttpUrl] = TypeAdapter(AnyHttpUrl)


def _address(url: str) -> str:
    return str(_URL.validate_python(url)).rstrip("/")  # as it was understood: without tabs and line ends


Address = Annotated[str, AfterValidator(_address)]
"""An http or https address, without a slash at its end."""


DEFAULT_URL = "http://127.0.0.1:3003"
"""Where `immich-host infer` on the same machine is; that none is there is nothing to warn of."""


class AvailabilityChecks(BaseModel):
    """How services are looked after."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    enabled: bool = True
    """Whether services are asked if they are there; otherwise each is tried in its turn."""
    interval: int = Field(default=30_000, ge=1)
    """Milliseconds between two looks."""
    timeout: int = Field(default=2_000, ge=1)
    """Milliseconds within which one has to answer a look."""


class MachineLearning(Section):
    """Immich's section: whether models run at all, and on which services."""

    key: ClassVar[str] = "machineLearning"

    enabled: bool = True
    """Whether models run at all: search by words, faces, text in pictures, duplicates."""
    urls: tuple[Address, ...] = Field(default=(DEFAULT_URL,), min_length=1)
    """Services that run models, in the order in which they are asked; where none is there, models run in the server."""
    availability_checks: AvailabilityChecks = AvailabilityChecks()
    """How services are looked after."""


class InferenceSettings(Section):
    """How models are run in the server's own processes, and where they come from."""

    key: ClassVar[str] = "inference"

    in_process: bool = True
    """Whether models run in the server's own processes where no service does it."""
    folder: str = ""
    """Folder of downloaded models, in Immich's layout; by default `plugins/inference/models` in the data folder."""
    hub: str = ""
    """Address of the hub from which models are downloaded; by default the one that Immich's models are on."""
    collection: str = Field(default="immich-app", min_length=1)
    """Whose models on the hub those are that are named without an owner."""
    download: bool = True
    """Whether a model that is set and not here is downloaded when it is first needed."""
    providers: tuple[str, ...] = ()
    """Execution providers of ONNX Runtime (`CUDA`, `OpenVINO`, ...) in order of preference; empty: what is there."""
    threads: int = Field(default=0, ge=0)
    """Threads of one run of a model; 0: the cores, shared among the job processes."""
    keep_seconds: int = Field(default=300, ge=0)
    """Seconds after which a model that nobody needs is unloaded; 0: never."""
    memory: int = Field(default=0, ge=0)
    """Megabytes of models that a process holds; 0: a third of what a job process may hold."""
    preload: tuple[str, ...] = ()
    """Models to load when a process starts, as `task/model` or `task/model/type`."""
    arena: bool = True
    """Whether memory of a run is kept for the next; without it, runs take less memory and more time."""
