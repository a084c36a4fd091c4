"""Where a model's files lie: `<folder>/<task>/<clean name>/<type>/model.onnx`, as Immich caches them."""

import re
from pathlib import Path

MODEL_FILE = "model.onnx"

TASK = r"[a-z0-9][a-z0-9_-]*"
MODEL = r"\w[\w.-]*(?:/\w[\w.-]*)?"
"""Of a collection, or `owner/name`."""

_ODD = str.maketrans({":": "_", "\\": "_", ".": None})


def clean_name(model: str) -> str:
    """A model's name as the name of its folder: the part after the last slash, without dots.

    Raises:
        ValueError: Nothing of it is left.
    """
    name = model.rsplit("/", 1)[-1].translate(_ODD)
    if not name:
        msg = f"not the name of a model: {model!r}"
        raise ValueError(msg)
    return name


def file_of(place: Path) -> Path:
    """The ONNX file of a model's type, whose folder (or file) is given."""
    return place if place.suffix == ".onnx" else place / MODEL_FILE


def size_of(file: Path) -> int:
    """Bytes of an ONNX file with its external data, which large models have in files beside it."""
    beside = file.parent.iterdir() if file.name == MODEL_FILE else ()
    data = [each for each in beside if each.suffix in {".data", ".weights", ""} or each.name.startswith(f"{file.name}")]
    return sum(each.stat().st_size for each in {file, *data} if each.is_file())


def split_name(name: str) -> tuple[str, str, str | None]:
    """`task/model` or `task/model/type` -> its parts; a model's name may hold slashes of its own.

    Raises:
        ValueError: It is neither.
    """
    parts = name.split("/")
    if len(parts) < 2 or not all(parts):
        msg = f"not `task/model` or `task/model/type`: {name!r}"
        raise ValueError(msg)
    if len(parts) == 2:
        return parts[0], parts[1], None
    return parts[0], "/".join(parts[1:-1]), parts[-1]


def check_names(task: str, model: str) -> None:
    """Let names pass that are fit for folders and addresses.

    Raises:
        ValueError: One is not.
    """
    for name, form in ((task, TASK), (model, MODEL)):
        if not re.fullmatch(form, name):
            msg = f"not a name of a task or model: {name!r}"
            raise ValueError(msg)
