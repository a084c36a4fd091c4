"""What a supervisor and its processes say to each other."""

import os
import signal

LEAVE = signal.SIGUSR1
"""To a process: take nothing new, finish what is under way, then end."""
RENEW = signal.SIGUSR2
"""To the supervisor: replace all processes, one by one."""
READY = "IMMICH_HOST_READY"
"""Variable with the file descriptor on which a process says that it is ready; set by the supervisor alone."""
SUPERVISOR = "IMMICH_HOST_SUPERVISOR"
"""Variable with the supervisor's process id."""


def say_ready() -> None:
    """Tell the supervisor, if there is one; once."""
    if number := os.environ.pop(READY, None):
        os.write(int(number), b"1")
        os.close(int(number))


class ReadyPipe:
    """The supervisor's side: a pipe for each start of a process, which inherits `fd`."""

    def __init__(self) -> None:
        self._reader = self.fd = -1
        self._is_ready = False

    def open(self) -> None:
        """Before a start; what the last one left is closed."""
        self._close()
        self._reader, self.fd = os.pipe()
        os.set_blocking(self._reader, False)
        self._is_ready = False

    def started(self) -> None:
        """The process has its copy: from now on the end of the process is the end of the pipe."""
        os.close(self.fd)

    def is_ready(self) -> bool:
        """Whether the process has said so; does not wait."""
        if not self._is_ready and self._reader >= 0:
            try:
                self._is_ready = os.read(self._reader, 1) == b"1"
            except BlockingIOError:
                return False
            self._close()
        return self._is_ready

    def _close(self) -> None:
        if self._reader >= 0:
            os.close(self._reader)
            self._reader = -1
