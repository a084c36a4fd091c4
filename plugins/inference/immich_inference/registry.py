"""Which tasks and models there are: what plugins bring, and what lies in the folder of models."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from immich_inference.api import Download, Model, Step
from immich_inference.errors import NoModel
from immich_inference.layout import clean_name, file_of

type Brought = Callable[[str], Mapping[str, Any]]
"""Name of a register hook -> plugin -> what it answers."""


@dataclass(frozen=True, slots=True)
class Found:
    """A type of a model that can be loaded, and what runs it."""

    step: Step
    place: Path


class Registry:
    """Looks things up anew each time: plugins come and go, and files are downloaded."""

    def __init__(self, brought: Brought, folder: Callable[[], Path]) -> None:
        self._brought = brought
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Folder of downloaded models, in Immich's layout."""
        return self._folder()

    def steps(self) -> dict[tuple[str, str], Step]:
        """(task, type) -> step; where two plugins bring one, the first in their order is taken."""
        found: dict[tuple[str, str], Step] = {}
        for step in self._all("inference_tasks"):
            found.setdefault((step.task, step.type), step)
        return found

    def models(self) -> dict[tuple[str, str], Model]:
        """(task, clean name) -> model that a plugin brings; the first in their order is taken."""
        found: dict[tuple[str, str], Model] = {}
        for model in self._all("inference_models"):
            found.setdefault((model.task, clean_name(model.name)), model)
        return found

    def download(self, task: str, model: str) -> Download | None:
        """Where a model's files are, if not on the hub; the first in the plugins' order is taken."""
        known: Iterator[Download] = self._all("inference_downloads")
        return next((one for one in known if (one.task, one.name) == (task, model)), None)

    def step(self, task: str, type: str) -> Step:
        """What does a type of a task.

        Raises:
            NoModel: No installed plugin brings it.
        """
        step = self.steps().get((task, type))
        if step is None:
            msg = f"no installed plugin brings the task {task}, type {type}"
            raise NoModel(msg)
        return step

    def place(self, task: str, type: str, model: str) -> Path | None:
        """Folder or file of a model's type; None where it is not here."""
        brought = self.models()
        step = self.steps().get((task, type))
        for name in _names(model, any_language=step is not None and step.any_language):
            given = brought.get((task, name))
            place = given.place(type) if given else self.folder / task / name / type
            if file_of(place).is_file():
                return place
        return None

    def lacking(self, task: str, model: str) -> list[str]:
        """Types of the task of which the model has no files here; none where no plugin brings the task."""
        kinds = sorted(kind for of, kind in self.steps() if of == task)
        return [kind for kind in kinds if self.place(task, kind, model) is None]

    def find(self, task: str, type: str, model: str) -> Found:
        """What runs it, and its files.

        Raises:
            NoModel: No such task, or no such model here.
        """
        step = self.step(task, type)
        try:
            clean_name(model)
        except ValueError as error:
            raise NoModel(str(error)) from error
        place = self.place(task, type, model)
        if place is None:
            msg = f"the model {model} ({task}, {type}) is not here; `immich-host models list` shows those that are"
            is_brought = (task, clean_name(model)) in self.models()
            raise NoModel(msg) if is_brought else NoModel(msg, task, model)
        return Found(step, place)

    def _all(self, hook: str) -> Iterator[Any]:
        answers: Mapping[str, Sequence[Any]] = self._brought(hook)
        for answer in answers.values():
            yield from answer


def _names(model: str, *, any_language: bool) -> list[str]:
    """Names of folders that a model may lie in: what does for all languages lies in one without their names."""
    name = clean_name(model)
    return list(dict.fromkeys((name, name.rpartition("__")[2]))) if any_language else [name]
