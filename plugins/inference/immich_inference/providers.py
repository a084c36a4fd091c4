"""Execution providers: what ONNX Runtime can run models on, in which order they are taken."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

CPU = "CPUExecutionProvider"

PREFERENCE = ("CUDA", "ROCM", "MIGraphX", "OpenVINO", "CoreML", "QNN", "DML")
"""Short names, the first of those that are there is taken. TensorRT is there only for who asks for it: it
builds an engine for minutes at the first run."""

_ENDING = "ExecutionProvider"


def full_name(name: str) -> str:
    """ONNX Runtime's name for a provider: `cuda` is `CUDAExecutionProvider`."""
    short = name.removesuffix(_ENDING)
    known = {each.lower(): each for each in (*PREFERENCE, "CPU", "TensorRT")}
    return ("Tensorrt" if short.lower() == "tensorrt" else known.get(short.lower(), short)) + _ENDING


def chosen(available: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Providers to try in order, the CPU last.

    Args:
        available: What this ONNX Runtime has, by its names.
        wanted: Of the settings; what is there by `PREFERENCE` where empty.
    """
    there = set(available)
    names = [full_name(each) for each in wanted or PREFERENCE]
    kept = [name for name in dict.fromkeys(names) if name in there and name != CPU]
    return (*kept, CPU)


def absent(available: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Those that the settings want and this ONNX Runtime has not."""
    there = set(available)
    return [name for name in map(full_name, wanted) if name not in there]


def options_of(provider: str, file: Path) -> dict[str, Any]:
    """A provider's own options; what it compiles is kept beside the model, as Immich does."""
    match provider.removesuffix(_ENDING):
        case "CUDA" | "ROCM":
            return {"arena_extend_strategy": "kSameAsRequested"}
        case "OpenVINO":
            return {"device_type": "AUTO", "cache_dir": str(file.parent / "openvino")}
        case "CoreML":
            return {"ModelCacheDirectory": str(file.parent / "coreml")}
        case _:
            return {}
