"""Importing libraries without the optional parts that they load only because these are installed."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def import_lean(name: str, *without: str) -> None:
    """Import the module `name` while the modules `without` seem not to be installed.

    For a process of the server only, and for what it never uses: memory and time of its start.
    """
    with _hidden([each for each in without if each not in sys.modules]):
        importlib.import_module(name)


@contextmanager
def _hidden(names: list[str]) -> Iterator[None]:
    for name in names:
        sys.modules[name] = None  # type: ignore[assignment] - how the import system is told "not there"
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)
