"""Which database and which queue to talk to: the operator's own, or the embedded ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from immich_host.runtime.commands import ProgramEnded
from immich_host.runtime.postgres import Postgres
from immich_host.runtime.settings import RuntimeSettings
from immich_host.runtime.valkey import Valkey


class NotRunning(RuntimeError):
    """No server to talk to; the message says what to do."""


def postgres_folder(data: Path) -> Path:
    """Where the embedded PostgreSQL keeps its files."""
    return data / "postgres"


def valkey_folder(data: Path) -> Path:
    """Where the embedded Valkey keeps its files."""
    return data / "valkey"


def connected(settings: RuntimeSettings) -> RuntimeSettings:
    """The settings with both addresses filled in.

    For processes that start no servers (`api`, `work`): an address that is not set is that of the
    embedded server which `serve` runs on the same data folder. Raises NotRunning without one.
    """
    found: dict[str, str] = {}
    if settings.database_url is None:
        postgres = Postgres(postgres_folder(settings.data))
        found["database_url"] = _address("PostgreSQL", "DATABASE", postgres)
    if settings.redis_url is None:
        valkey = Valkey(valkey_folder(settings.data))
        found["redis_url"] = _address("Valkey", "REDIS", valkey)
    return settings.model_copy(update=found)


@contextmanager
def database(settings: RuntimeSettings) -> Iterator[str]:
    """The database's address for a short command; an embedded server that is down runs meanwhile."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    settings.data.mkdir(parents=True, exist_ok=True)
    postgres = Postgres(postgres_folder(settings.data))
    if postgres.running():
        yield postgres.uri
        return
    _start_quietly(postgres)
    try:
        yield postgres.uri
    finally:
        postgres.stop()


def _start_quietly(postgres: Postgres) -> None:
    """Start it with what it says kept in a file, so that a command's own answer stands alone."""
    said = postgres.folder.with_name("postgres.log")
    with said.open("wb") as file:
        try:
            postgres.start(output=file.fileno())
        except ProgramEnded as problem:
            raise NotRunning(f"{problem}: {said.read_text(errors='replace')[-2000:]}") from None


def _address(what: str, variable: str, server: Postgres | Valkey) -> str:
    if not server.running():
        raise NotRunning(
            f"no {what} runs for {server.folder.parent}: start `immich-host serve`, or name a server "
            f"with IMMICH_HOST_{variable}_URL"
        )
    return server.uri
