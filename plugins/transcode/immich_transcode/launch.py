"""Started as a program: becomes another one, at low priority, that ends when the process that started it does.

`python launch.py PARENT NICE PROGRAM ARGUMENT...`; a killed worker leaves no ffmpeg behind.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, nice: int, command: list[str]) -> None:
    """Become `command`."""
    os.nice(nice)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:
        os.execv(command[0], command)  # noqa: S606 - no shell is what is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
