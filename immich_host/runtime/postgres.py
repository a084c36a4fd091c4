"""Embedded PostgreSQL: one cluster in one folder, reached by a Unix socket in a private folder."""

import os
import pwd
import shutil
import signal
from pathlib import Path
from urllib.parse import quote

from immich_host.runtime.binaries import PostgresPrograms, postgres_programs
from immich_host.runtime.commands import Command, namespace_works, run
from immich_host.runtime.embedded_server import EmbeddedServer
from immich_host.runtime.locks import FolderLock
from immich_host.runtime.sockets import make_private, socket_folder

DATABASE = "immich"
USER = "postgres"
# A small, quiet server: little memory while idle, durable commits, no replication.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "autovacuum_max_workers": "2",
    "max_parallel_workers_per_gather": "0",  # answers come soon enough by one process, and many are wanted at once
    "io_method": "sync",  # the default keeps three helper processes alive
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "",
    "log_checkpoints": "off",
}


class Postgres(EmbeddedServer):
    """One embedded server. `start` and `stop` block; a supervisor uses the steps in between.

    The server is never reachable over the network: its socket lies in a folder that only this user
    may enter, so it needs no password. When the starting thread dies, it shuts down by itself.
    """

    name = "postgres"
    title = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": sessions are ended, data is written out
    kill_signal = signal.SIGQUIT  # "immediate": the next start recovers

    def __init__(self, folder: Path, programs: PostgresPrograms | None = None, **settings: str) -> None:
        """`folder` is the server's own; it is created by `prepare`.

        `settings` are PostgreSQL's, on top of ours (`fsync="off"` for data that may be lost).
        """
        self.settings = SETTINGS | settings
        self.folder = folder.absolute()
        self.cluster = self.folder / "cluster"
        self.sockets = socket_folder(self.folder)
        self.programs = programs or postgres_programs()
        self.lock = FolderLock(self.folder)
        self.who = "self"

    @property
    def uri(self) -> str:
        """The address of the database, for asyncpg and for PostgreSQL's own programs."""
        return f"postgresql://{USER}@/{DATABASE}?host={quote(str(self.sockets), safe='')}"

    def prepare(self) -> None:
        """Lock the folder, create the cluster if there is none, clear what a crash left behind.

        Raises FolderInUse, and ProgramEnded when the cluster cannot be made.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lock.acquire()
        try:
            self.who = _who(self.cluster)
            for folder in {self.folder, self.sockets}:
                make_private(folder)
                self._hand_over(folder)
            if not self.cluster.exists():
                self._create()
            # we hold the lock, so no server runs here, whoever has its process id by now
            for stale in (self.cluster / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
                stale.unlink(missing_ok=True)
        except BaseException:
            self.lock.release()
            raise

    def command(self) -> Command:
        """How to start the prepared server; after starting it, call `started`."""
        settings = self.settings | {"unix_socket_directories": str(self.sockets)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return Command(
            program=(str(self.programs.postgres), "-D", str(self.cluster), *options),
            folder=Path("/"),
            pass_fds=(self.lock.fd,),
            death_signal=self.stop_signal,
            who=self.who,
        )

    def ready(self) -> bool:
        """Whether the server takes connections (what pg_ctl looks at: its pid file says so)."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def running(self) -> bool:
        """Whether a server runs on the folder, started by whomever."""
        return self.lock.held() and self.ready()

    def _create(self) -> None:
        """A new cluster with the database in it, complete and on disk before it gets its name."""
        new = self.folder / "cluster.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        self._hand_over(new)
        initdb = [str(self.programs.initdb), "-D", str(new)]
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = ["-U", USER, "--auth=trust", "--encoding=UTF8"]
        self._run([*initdb, *locale, *access, "--no-sync", "--no-instructions"])
        single = [str(self.programs.postgres), "--single", "-F", "-D", str(new), USER]
        self._run(single, f"CREATE DATABASE {DATABASE}\n".encode())
        if self.settings.get("fsync") != "off":
            self._run([*initdb, "--sync-only"])
        new.rename(self.cluster)

    def _run(self, program: list[str], given: bytes = b"") -> None:
        run(Command(tuple(program), folder=Path("/"), who=self.who), given)

    def _hand_over(self, folder: Path) -> None:
        if ":" in self.who:
            uid, gid = (int(part) for part in self.who.split(":"))
            for path in (folder, *folder.rglob("*")):
                os.chown(path, uid, gid, follow_symlinks=False)


def _who(cluster: Path) -> str:
    """As whom the server runs: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return "self"
    owner = cluster.stat() if cluster.exists() else None
    if owner and owner.st_uid != 0:
        return f"{owner.st_uid}:{owner.st_gid}"
    if namespace_works():
        return "namespace"
    nobody = pwd.getpwnam("nobody")
    return f"{nobody.pw_uid % 2**32}:{nobody.pw_gid % 2**32}"
