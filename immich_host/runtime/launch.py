"""Starts one program that ends with its parent, if needed as another user.

Run as a script by `Command.wrapped`, on a bare interpreter (`-I -S`): it imports little, sets the
process up and becomes the program by exec. A script, and not a `preexec_fn`, because Python code
between fork and exec is unsafe as soon as the parent has threads.

Arguments: PARENT (process id), SIGNAL (number sent when the parent dies), WHO (`self`, `namespace`
or `UID:GID`), then the program and its arguments.
"""

import os
import select
import signal
import sys

TYPE_CHECKING = False  # as in `typing`, which is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable

NOBODY = 65534
PR_SET_PDEATHSIG = 1


def become(who: str) -> None:
    """Give up root: in a user namespace of its own, or by becoming another user."""
    if who == "self":
        return
    if who == "namespace":
        enter_namespace()
        return
    uid, gid = (int(part) for part in who.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def enter_namespace() -> None:
    """Be user 65534 in the process's own eyes while its files stay root's; Linux only."""
    if sys.platform != "linux":
        raise OSError("user namespaces exist on Linux only")
    os.unshare(os.CLONE_NEWUSER)
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} 0 1"),
        ("gid_map", f"{NOBODY} 0 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123 (pathlib is slow to import)
            file.write(content)


def death_signal(parent: int, number: int) -> "Callable[[], bool]":
    """Make the call that asks the kernel for signal `number` when the parent dies.

    The call answers False where the kernel has no such thing. Making it loads all that it needs:
    after a change of user, Python's own files may be out of reach.
    """
    if sys.platform != "linux":
        return lambda: False
    import ctypes

    prctl = ctypes.CDLL(None).prctl

    def ask() -> bool:
        if prctl(PR_SET_PDEATHSIG, number) != 0:
            return False
        if os.getppid() != parent:  # it died before we asked
            sys.exit(0)
        return True

    return ask


def watch(parent: int, number: int, program: list[str]) -> int:
    """Where the kernel cannot do it: run the program as a child and look after it."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    child = os.fork()
    if child == 0:
        signal.set_wakeup_fd(-1)
        os.execvp(program[0], program)  # noqa: S606
    for passed_on in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(passed_on, lambda received, _frame: os.kill(child, received))
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    told = False
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if os.getppid() != parent and not told:
            os.kill(child, number)
            told = True
        if select.select([reader], [], [], 1.0)[0]:
            os.read(reader, 512)


def main(arguments: list[str]) -> int:
    """Set the process up and become the program."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent, number, who, *program = arguments
    die_with_parent = death_signal(int(parent), int(number))
    become(who)
    # only now: the kernel forgets the death signal when the user changes
    if die_with_parent():
        os.execvp(program[0], program)  # noqa: S606
    code = watch(int(parent), int(number), program)
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
