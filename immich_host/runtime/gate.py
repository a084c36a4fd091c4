"""Lets processes load their code while the database is made ready, and begin when it is."""

import os

GATE = "IMMICH_HOST_GATE"
"""Variable with the file descriptor at which a process waits; set by the supervisor alone."""


class Gate:
    """A pipe that nothing is ever written to: reading `fd` waits until `open` closes the other end.

    Both ends live as long as this process: who is stopped or started again finds the gate as it is.
    """

    def __init__(self) -> None:
        self.fd, self._other_end = os.pipe()

    def open(self) -> None:
        """Let everybody through, from now on; to be called once."""
        os.close(self._other_end)


def wait_at_gate() -> None:
    """Wait until the supervisor opens the gate, if there is one; signals end the process as ever."""
    if number := os.environ.pop(GATE, None):
        os.read(int(number), 1)
        os.close(int(number))
