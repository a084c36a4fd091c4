"""Embedded Valkey: the queue and the messages between processes, on a Unix socket of its own."""

import signal
import socket
from pathlib import Path
from urllib.parse import quote

from immich_host.runtime.binaries import valkey_server
from immich_host.runtime.commands import Command
from immich_host.runtime.embedded_server import EmbeddedServer
from immich_host.runtime.locks import FolderLock
from immich_host.runtime.sockets import make_private, socket_folder

# Every message is in the append-only file within a second; nothing is ever evicted.
SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "aof-load-truncated": "yes",  # a crash may cut the last record short
    "save": "",
    "maxmemory-policy": "noeviction",
    "loglevel": "warning",
    "daemonize": "no",
}


class Valkey(EmbeddedServer):
    """One embedded server in one folder; the steps are those of `Postgres`."""

    name = "valkey"
    title = "Valkey"
    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self, folder: Path, program: Path | None = None) -> None:
        """`folder` is the server's own; it is created by `prepare`."""
        self.folder = folder.absolute()
        self.sockets = socket_folder(self.folder)
        self.program = program or valkey_server()
        self.lock = FolderLock(self.folder)

    @property
    def socket_path(self) -> Path:
        """The server's Unix socket."""
        return self.sockets / "valkey.sock"

    @property
    def uri(self) -> str:
        """The address, for redis-py and all that is built on it."""
        return f"unix://{quote(str(self.socket_path))}"

    def prepare(self) -> None:
        """Lock the folder and clear what a crash left behind; raises FolderInUse."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lock.acquire()
        try:
            for folder in {self.folder, self.sockets}:
                make_private(folder)
            self.socket_path.unlink(missing_ok=True)
        except BaseException:
            self.lock.release()
            raise

    def command(self) -> Command:
        """How to start the prepared server; after starting it, call `started`."""
        settings = SETTINGS | {"dir": str(self.folder), "unixsocket": str(self.socket_path)}
        options = [part for key, value in settings.items() for part in (f"--{key}", value)]
        return Command(
            program=(str(self.program), *options),
            folder=Path("/"),
            pass_fds=(self.lock.fd,),
            death_signal=self.stop_signal,
        )

    def ready(self) -> bool:
        """Whether the server answers (while it still loads its data, it does not count)."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1.0)
            try:
                connection.connect(str(self.socket_path))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def running(self) -> bool:
        """Whether a server runs on the folder, started by whomever."""
        return self.ready()
