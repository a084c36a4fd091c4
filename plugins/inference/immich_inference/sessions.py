"""Loading ONNX files: execution providers, threads, memory; the only module that imports onnxruntime."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import onnxruntime as ort
import structlog

from immich_inference.errors import ModelBroken
from immich_inference.layout import file_of, size_of
from immich_inference.providers import CPU, options_of

if TYPE_CHECKING:
    import numpy as np

log = structlog.get_logger("inference")

_SILENT = 3
"""Of ONNX Runtime's log: errors, no warnings."""


@dataclass(frozen=True, slots=True)
class Running:
    """How models are run.

    Args:
        providers: Execution providers by ONNX Runtime's names, the first that works is taken.
        threads: Of one run.
        arena: Whether memory of a run is kept for the next.
    """

    providers: tuple[str, ...] = (CPU,)
    threads: int = 1
    arena: bool = True
    failed: dict[str, str] = field(default_factory=dict[str, str], compare=False)
    """Provider -> why it was not used, as far as it is known."""


class OrtSession:
    """A loaded file; safe to run from several threads."""

    def __init__(self, session: ort.InferenceSession, file: Path) -> None:
        self._session = session
        self.file = file
        self.size = size_of(file)
        """Bytes of its weights on disk, about what it takes in memory."""

    @property
    def provider(self) -> str:
        """The execution provider that it runs on, the first of those in use."""
        return self._session.get_providers()[0]

    @property
    def inputs(self) -> Mapping[str, tuple[str, Sequence[int | str | None]]]:
        """Name -> (type, shape)."""
        return {each.name: (each.type, each.shape) for each in self._session.get_inputs()}

    @property
    def outputs(self) -> Mapping[str, tuple[str, Sequence[int | str | None]]]:
        """Name -> (type, shape)."""
        return {each.name: (each.type, each.shape) for each in self._session.get_outputs()}

    @property
    def metadata(self) -> Mapping[str, str]:
        """The file's own key-value pairs."""
        return self._session.get_modelmeta().custom_metadata_map

    def run(self, feeds: "Mapping[str, np.ndarray]", outputs: Sequence[str] | None = None) -> "list[np.ndarray]":
        """Compute the named outputs, all where None."""
        return self._session.run(outputs, feeds)  # type: ignore[arg-type]


class Sessions:
    """Opens files, each one once however many models want it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._open: WeakValueDictionary[tuple[Any, ...], OrtSession] = WeakValueDictionary()
        self._lock = threading.Lock()

    def open(self, place: Path, **entries: str) -> OrtSession:
        """Load a file, or give the one that is loaded with the same entries. Blocking.

        Raises:
            ModelBroken: It is not there, or no model.
        """
        file = file_of(place).resolve()
        key = (file, *sorted(entries.items()))
        with self._lock:
            found = self._open.get(key)
            if found is None:
                found = self._open[key] = OrtSession(self._load(file, entries), file)
            return found

    def size(self, place: Path) -> int:
        """Bytes by which memory grows when this is opened; 0 where it is open already."""
        file = file_of(place).resolve()
        return 0 if any(key[0] == file for key in self._open) else size_of(file)

    def _load(self, file: Path, entries: Mapping[str, str]) -> ort.InferenceSession:
        options = _options(self.running, entries)
        for provider in self.running.providers:
            if provider == CPU or provider in self.running.failed:
                continue
            try:
                session = self._session(file, options, (provider, CPU))
            except Exception as error:
                self._gave_up(provider, f"{type(error).__name__}: {error}")
                continue
            if provider in session.get_providers():
                return session
            self._gave_up(provider, "ONNX Runtime could not begin with it")
        try:
            return self._session(file, options, (CPU,))
        except Exception as error:
            msg = f"the model {file} cannot be loaded: {error}"
            raise ModelBroken(msg) from error

    def _session(self, file: Path, options: ort.SessionOptions, providers: Sequence[str]) -> ort.InferenceSession:
        chosen = [(name, options_of(name, file)) for name in providers]
        return ort.InferenceSession(str(file), options, providers=chosen)

    def _gave_up(self, provider: str, reason: str) -> None:
        self.running.failed[provider] = reason
        log.warning("an execution provider does not work; models run on the CPU", provider=provider, reason=reason)


def _options(running: Running, entries: Mapping[str, str]) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = running.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _SILENT
    options.enable_cpu_mem_arena = running.arena
    # threads that wait by spinning take the cores from other processes: five times slower on a busy machine
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    for name, value in entries.items():
        options.add_session_config_entry(name.replace("_", ".", 1), value)
    return options
