"""Weights out of a file of PyTorch's first format, without PyTorch, and without running what a pickle may ask for.

Such a file is four pickles (a magic number, a version, the machine it was made on, the tensors without their
numbers), a pickled list of storage keys, and then, for each key, the count of its numbers (8 bytes, little
endian) and the numbers themselves.
"""

import io
import pickle
import struct
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_TYPES: Mapping[str, np.dtype[Any]] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    type: np.dtype[Any]
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def of(self, numbers: bytes) -> np.ndarray:
        size = self.storage.type.itemsize
        strides = tuple(size * stride for stride in self.strides)
        try:
            return np.ndarray(self.shape, self.storage.type, numbers, size * self.offset, strides).copy()
        except (TypeError, ValueError) as error:
            raise pickle.UnpicklingError("a tensor reaches beyond the numbers of its storage") from error


def _tensor(storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


class _Unpickler(pickle.Unpickler):
    """Knows ordered dictionaries and tensors, and refuses everything else."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module_name: str, global_name: str) -> Any:
        match module_name, global_name:
            case "collections", "OrderedDict":
                return OrderedDict
            case "torch._utils", "_rebuild_tensor_v2":
                return _tensor
            case "torch", name if name in _TYPES:
                return _TYPES[name]
        raise pickle.UnpicklingError(f"{module_name}.{global_name} has no place among weights")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, numbers, key, _place, count, _view = pid
        if kind != "storage":
            raise pickle.UnpicklingError(f"{kind} has no place among weights")
        return self.storages.setdefault(key, _Storage(key, numbers, count))


def weights(content: bytes) -> Mapping[str, np.ndarray]:
    """Name -> array, of a `.pth` file.

    Raises:
        pickle.UnpicklingError: It is none of that format, or holds other things than tensors.
    """
    file = io.BytesIO(content)
    if _Unpickler(file).load() != _MAGIC or _Unpickler(file).load() != _VERSION:
        raise pickle.UnpicklingError("this is no file of PyTorch's first format")
    _Unpickler(file).load()
    unpickler = _Unpickler(file)
    tensors: Mapping[str, _Tensor] = unpickler.load()
    numbers: dict[str, bytes] = {}
    for key in _Unpickler(file).load():
        storage = unpickler.storages[key]
        (count,) = struct.unpack("<q", file.read(8))
        if count != storage.count:
            raise pickle.UnpicklingError(f"storage {key} has {count} numbers, not {storage.count}")
        numbers[key] = file.read(count * storage.type.itemsize)
    return {name: tensor.of(numbers[tensor.storage.key]) for name, tensor in tensors.items()}
