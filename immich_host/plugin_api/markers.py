"""`hookimpl` for plugins, and the four kinds that the host's hook specifications are marked with."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, overload

import pluggy

PROJECT = "immich_host"

_spec = pluggy.HookspecMarker(PROJECT)
_impl = pluggy.HookimplMarker(PROJECT)


class Kind(StrEnum):
    """How the host calls a hook and what an error in it does."""

    REGISTER = "register"
    LIFECYCLE = "lifecycle"
    GUARD = "guard"
    GATHER = "gather"
    FACT = "fact"


def hookspec(kind: Kind) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a function as the specification of a hook of this kind."""

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        function.immich_host_kind = kind  # type: ignore[attr-defined]
        return _spec(function)

    return mark


@overload
def hookimpl[F: Callable[..., Any]](function: F) -> F: ...
@overload
def hookimpl[F: Callable[..., Any]](
    *, optional: bool = ..., fail_closed: bool = ..., name: str | None = ...
) -> Callable[[F], F]: ...
def hookimpl(
    function: Callable[..., Any] | None = None,
    *,
    optional: bool = False,
    fail_closed: bool = False,
    name: str | None = None,
) -> Any:
    """Mark a function as an implementation of the hook of the same name.

    Args:
        function: The implementation, when the marker is used without arguments.
        optional: The hook may not exist (it belongs to a plugin that is perhaps not installed).
        fail_closed: Guards only: an unexpected error refuses the request in place of passing it.
        name: The hook's name, where the function has another.
    """

    def mark(target: Callable[..., Any]) -> Callable[..., Any]:
        target.immich_host_fail_closed = fail_closed  # type: ignore[attr-defined]
        return _impl(target, optionalhook=optional, specname=name)

    return mark(function) if function is not None else mark
