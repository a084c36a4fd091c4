"""Which models are here: those that plugins bring, and those in the folder of models."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from immich_inference.errors import JobFailed
from immich_inference.layout import MODEL_FILE, clean_name, file_of, size_of
from immich_inference.registry import Registry

BROUGHT, DOWNLOADED = "plugin", "folder"


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that is here.

    Args:
        task: What it is for.
        name: What it is asked for by.
        types: Those of its types whose files are here.
        source: `plugin`, or `folder` of downloaded models.
        bytes: Of its ONNX files.
        usable: Whether an installed plugin brings the task.
        folder: Where it lies.
    """

    task: str
    name: str
    types: tuple[str, ...]
    source: str
    bytes: int
    usable: bool
    folder: Path


def known_models(registry: Registry) -> list[KnownModel]:
    """All, by task and name."""
    found: dict[tuple[str, str], KnownModel] = {}
    for model in [*_brought(registry), *_downloaded(registry)]:
        found.setdefault((model.task, clean_name(model.name)), model)
    return sorted(found.values(), key=lambda each: (each.task, each.name))


def _brought(registry: Registry) -> Iterator[KnownModel]:
    steps = registry.steps()
    for model in registry.models().values():
        places = {kind: model.place(kind) for task, kind in steps if task == model.task} | {
            each.parent.name: each.parent for each in sorted(model.folder.glob(f"*/{MODEL_FILE}"))
        }
        yield _known(registry, model.task, model.name, BROUGHT, model.folder, places)


def _downloaded(registry: Registry) -> Iterator[KnownModel]:
    for folder in sorted(registry.folder.glob("*/*")):
        if folder.is_dir() and not folder.parent.name.startswith("."):
            places = {file.parent.name: file.parent for file in sorted(folder.glob(f"*/{MODEL_FILE}"))}
            yield _known(registry, folder.parent.name, folder.name, DOWNLOADED, folder, places)


def _known(registry: Registry, task: str, name: str, source: str, folder: Path, places: dict[str, Path]) -> KnownModel:
    runnable = {kind for each, kind in registry.steps() if each == task}
    files = {kind: file_of(place) for kind, place in places.items() if not runnable or kind in runnable}
    there = {kind: file for kind, file in files.items() if file.is_file()}
    size = sum(size_of(file) for file in set(there.values()))
    return KnownModel(task, name, tuple(sorted(there)), source, size, bool(runnable), folder)


def remove(registry: Registry, task: str, name: str) -> None:
    """Remove a downloaded model's files.

    Raises:
        LookupError: No such model was downloaded.
    """
    folder = registry.folder / task / clean_name(name)
    brought = registry.models().get((task, clean_name(name)))
    if brought is not None:
        msg = f"{task}/{name} comes with a plugin: uninstall that to remove it"
        raise LookupError(msg)
    if not folder.is_dir():
        msg = f"no model {task}/{name} was downloaded"
        raise LookupError(msg)
    shutil.rmtree(folder)


def faults(registry: Registry, model: KnownModel) -> list[str]:
    """What is wrong with a model's files: not what was downloaded, or cannot be loaded. Blocking."""
    from immich_inference.sessions import Running, Sessions

    found = _changed(model.folder)
    sessions = Sessions(Running())
    for kind in model.types:
        step = registry.steps().get((model.task, kind))
        if step is None:
            continue
        place = registry.place(model.task, kind, model.name)
        try:
            step.load(place or model.folder / kind, sessions.open)
        except JobFailed as error:
            found.append(f"{kind}: {error}")
        except Exception as error:  # of whichever library reads its files
            found.append(f"{kind}: {type(error).__name__}: {error}")
    return found or ([] if model.types else ["no model.onnx in any of its folders"])


def _changed(folder: Path) -> list[str]:
    from immich_inference.downloading import STAMP, is_right
    from immich_inference.hub import RemoteFile

    try:
        stamp = orjson.loads((folder / STAMP).read_bytes())
    except OSError:
        return []
    files = [RemoteFile(**each) for each in stamp["files"]]
    return [f"{each.name} is not what was downloaded" for each in files if not is_right(folder / each.name, each)]
