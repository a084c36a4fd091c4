"""What the embedded servers have in common: started as a child, waited for, asked to end."""

import signal
import subprocess
import time
from abc import ABC, abstractmethod

from immich_host.runtime.commands import Command, ProgramEnded, popen
from immich_host.runtime.locks import FolderLock

NEXT_LOOK = 0.01


class EmbeddedServer(ABC):
    """One server in one folder. `start` and `stop` block; a supervisor uses the steps in between."""

    name: str
    title: str
    stop_signal: signal.Signals
    kill_signal: signal.Signals
    lock: FolderLock
    process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Lock the folder and make it ready for a start; raises FolderInUse."""

    @abstractmethod
    def command(self) -> Command:
        """How to start the prepared server; after starting it, call `started`."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether the server does its work."""

    def started(self) -> None:
        """The process has been started: from now on the folder's lock is the server's alone."""
        self.lock.release()

    def start(self, output: int | None = None) -> None:
        """Prepare, start, wait until it is ready; raises ProgramEnded when it does not come up."""
        self.prepare()
        self.process = popen(self.command(), output)
        self.started()
        while not self.ready():
            if self.process.poll() is not None:
                raise ProgramEnded(f"{self.title} ended at its start ({self.process.returncode})")
            time.sleep(NEXT_LOOK)

    def stop(self, patience: float = 15.0) -> None:
        """Let it write out and end; after `patience` seconds by force (the next start recovers)."""
        if self.process is None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.send_signal(self.kill_signal)
            self.process.wait()
        self.process = None
