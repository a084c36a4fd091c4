"""What other plugins may import: asking for predictions, and bringing models and tasks of one's own.

A *task* (`clip`, `facial-recognition`, ...) has one or more *types* (`visual`, `detection`, ...): the words
of Immich's machine-learning protocol, `entries[task][type]`. A plugin brings a type as a `Step` and files
as a `Model`, by the hooks `inference_tasks` and `inference_models`; whoever wants a prediction calls
`predict`, which runs it in this process or has a service run it. The answer is the same.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from immich_host.plugin_api import Host
from immich_host.plugin_api.errors import TryLater

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

__all__ = [
    "Ask",
    "Download",
    "FileElsewhere",
    "Input",
    "Model",
    "OpenSession",
    "Output",
    "Prediction",
    "Runner",
    "Session",
    "Step",
    "Unavailable",
    "is_enabled",
    "number_of",
    "predict",
]

type Output = Any
"""What a step gives: JSON-able, and in Immich's shape where Immich has the task."""


class Unavailable(TryLater):
    """Nothing runs models now: no service answers, and this process may not. A job waits until one does."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One type of a task that is asked for: `entries[task][type]` of the protocol."""

    task: str
    type: str
    model: str
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Prediction:
    """What came of it.

    Args:
        values: Task -> output of its last type. An embedding is the text of a JSON array, as on the wire; it
            can be given to PostgreSQL as a vector just so.
        width: Of the picture in pixels; None for text.
        height: Of the picture in pixels; None for text.
    """

    values: Mapping[str, Output]
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """What a step is given: a picture or a text, and what the step before it gave.

    Args:
        image: RGB, as it is stored (nothing is turned by EXIF); shared with other steps, not to be changed.
        text: In place of a picture.
        before: Output of the type that this one comes after.
    """

    image: "Image.Image | None" = None
    text: str | None = None
    before: Output = None


class Session(Protocol):
    """A loaded ONNX model; safe to run from several threads."""

    @property
    def inputs(self) -> Mapping[str, tuple[str, Sequence[int | str | None]]]:
        """Name -> (type as ONNX names it, shape; a word or None for what is free)."""
        ...

    @property
    def outputs(self) -> Mapping[str, tuple[str, Sequence[int | str | None]]]:
        """The same for outputs."""
        ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """The file's own key-value pairs."""
        ...

    def run(self, feeds: "Mapping[str, np.ndarray]", outputs: Sequence[str] | None = None) -> "list[np.ndarray]":
        """Compute the named outputs, all where None."""
        ...


type OpenSession = Callable[..., Session]
"""`open_session(place: Path, **entries: str)`: load a model with the process's threads and execution providers.

`place` is an ONNX file, or a folder with `model.onnx` in it. `entries` are ONNX Runtime's session config entries, with
`_` for the dot (`session_disable_quant_qdq="1"`).
"""


class Runner(Protocol):
    """A loaded model with what is done before and after it. Nothing of it needs to know about batches of others.

    `prepare` and `finish` run in threads, several at a time; `run` is called with whatever items of the same
    group wait, from any number of requests.
    """

    def prepare(self, given: Input, options: Mapping[str, Any]) -> Sequence[Any]:
        """What the model is to be run on for this input: any number of items, none where there is nothing to do."""
        ...

    def group(self, item: Any) -> Hashable:
        """Items of one group may be in one batch: for example the shape of a tensor."""
        ...

    def run(self, items: Sequence[Any]) -> Sequence[Any]:
        """Run the model once on items of one group; a result for each, in their order."""
        ...

    def finish(self, given: Input, options: Mapping[str, Any], results: Sequence[Any]) -> Output:
        """From the results of the prepared items to the output."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One type of a task. Importing the module that declares it must be cheap; `load` may import what it likes.

    Args:
        task: Immich's word where Immich has it, else one that begins with the plugin's name.
        type: The same.
        load: From the folder of a model's type (`model.onnx` and what belongs to it; or the ONNX file that
            `Model.files` names) to a runner. Blocking, in a thread.
        takes: What an `Input` has to hold.
        after: Type of the same task whose output it needs.
        max_batch: Most items in one run; 1 where the model takes no more.
        any_language: One does for all languages of a model: `EN__name` is taken from the folder of `name` where it
            has none of its own.
    """

    task: str
    type: str
    load: Callable[[Path, OpenSession], Runner]
    takes: Literal["image", "text"] = "image"
    after: str | None = None
    max_batch: int = 16
    any_language: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """A model that a plugin brings: Immich's layout below `folder`, `<type>/model.onnx` and what belongs to it.

    Args:
        task: The task it is for.
        name: What it is asked for by.
        folder: Where it lies.
        files: Where the layout is another: type -> ONNX file, which the step's `load` is then given.
    """

    task: str
    name: str
    folder: Path
    files: Mapping[str, Path] = field(default_factory=dict[str, Path])

    def place(self, type: str) -> Path:
        """Folder or ONNX file of one type."""
        return self.files.get(type, self.folder / type)


@dataclass(frozen=True, slots=True)
class FileElsewhere:
    """A file that can be downloaded: its address, and the SHA-256 of its content in hexadecimal digits."""

    url: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Download:
    """A model that is not on the hub, but can be downloaded.

    Args:
        task: The task it is for.
        name: What it is asked for by.
        files: Path in Immich's layout, below the model's folder (`detection/model.onnx`) -> where it is.
    """

    task: str
    name: str
    files: Mapping[str, FileElsewhere]


_LARGEST_NUMBER = 1e9


def number_of(options: Mapping[str, Any], name: str, default: float) -> float:
    """An option of an `Ask` that has to be a number: what is asked of a service is anybody's.

    Raises:
        BadInput: It is none, or out of all bounds.
    """
    given = options.get(name, default)
    if isinstance(given, bool) or not isinstance(given, int | float) or not abs(given) <= _LARGEST_NUMBER:
        from immich_inference.errors import BadInput

        msg = f"the option {name} has to be a number, not {str(given)[:100]!r}"
        raise BadInput(msg)
    return given


def is_enabled(host: Host) -> bool:
    """Whether the administrator lets models run at all (`machineLearning.enabled`), and this plugin is on."""
    from immich_inference.settings import MachineLearning

    return host.is_enabled("inference") and host.settings(MachineLearning).enabled


async def predict(
    host: Host, asks: Sequence[Ask], *, image: Path | bytes | None = None, text: str | None = None
) -> Prediction:
    """Run models on one picture (an encoded file, or its path) or on one text.

    All that is asked for in one call is done on one decoded picture. Services that are healthy come first, then
    this process. A model of Immich's collection that is not here is downloaded, if the settings let it: a picture
    waits for that, for a text it is `Unavailable`.

    Raises:
        JobFailed: Nothing that can run it has the model or the task, or the picture cannot be read: trying again
            is of no use.
        Unavailable: No service answers and this process may not run models; to be tried again.
    """
    from immich_inference.process import of_host

    return await of_host(host).predict(asks, image=image, text=text)
