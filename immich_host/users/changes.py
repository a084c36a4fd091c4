"""Accounts and credentials changed in this process: said at once, ahead of the database's own notice."""

import weakref
from collections.abc import Callable
from typing import Final

type Forget = Callable[[frozenset[str]], None]

_listeners: Final[list[weakref.WeakMethod[Forget]]] = []


def on_change(forget: Forget) -> None:
    """Call a bound method with the ids of users, sessions and keys that changed, while its object lives."""
    _listeners.append(weakref.WeakMethod(forget))


def changed(*ids: object) -> None:
    """Say that these have changed; call it once the change is committed."""
    gone = frozenset(str(one) for one in ids)
    for reference in list(_listeners):
        listener = reference()
        if listener is None:
            _listeners.remove(reference)
        else:
            listener(gone)
