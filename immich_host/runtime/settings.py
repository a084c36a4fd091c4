"""What the operator chooses: environment variables `IMMICH_HOST_*`, or options of `serve`."""

import os
from pathlib import Path
from typing import Literal

from pydantic import ByteSize, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from immich_host.runtime.binaries import Binaries, Source, media_binaries
from immich_host.runtime.memory import for_jobs

PREFIX = "IMMICH_HOST_"
LEAST_MEMORY = 256 << 20
SCHEMES = {"database_url": ("postgresql://", "postgres://"), "redis_url": ("redis://", "rediss://", "unix://")}


class RuntimeSettings(BaseSettings):
    """Read once in each process; `environment` hands the same values to a child process."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    database_url: str | None = Field(
        default=None,
        description="PostgreSQL server to use (postgresql://user:password@host/database), with the "
        "extension pgvector available. Without it an embedded server is started.",
    )
    redis_url: str | None = Field(
        default=None,
        description="Valkey or Redis server to use (redis://host:6379/0). Without it an embedded server is started.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on; 0.0.0.0 for the whole network.")
    port: int = Field(default=2283, ge=0, le=65535, description="Port to listen on; 0 takes a free one and says which.")
    data: Path = Field(
        default=Path("data"),
        description="Folder of everything that the server keeps: the embedded servers' files and, "
        "unless set otherwise, the media.",
    )
    media_location: Path | None = Field(
        default=None, description="Folder of originals and derived files; by default `media` in the data folder."
    )
    config_file: Path | None = Field(
        default=None,
        description="JSON file with the system configuration; while it is set, clients cannot change it.",
    )
    api_processes: int = Field(
        default_factory=lambda: max(1, cores() // 2),
        ge=1,
        description="Processes that answer requests; by default half as many as there are cores.",
    )
    work_processes: int = Field(
        default_factory=lambda: max(1, cores()),
        ge=1,
        description="Processes that work on jobs; by default as many as there are cores.",
    )
    work_memory: ByteSize = Field(
        default_factory=lambda data: ByteSize(for_jobs(data.get("work_processes", 1))),
        validate_default=False,
        description="Memory that one job process may hold (`2GB`, `0` for any amount); when it grows beyond, it is "
        "started again, and a job that always makes it do so is failed. Counts on Linux. By default three quarters "
        "of the machine's memory, divided by the number of job processes, but 1 GiB at least.",
    )
    install_over_api: bool = Field(
        default=True,
        description="Whether administrators may install and uninstall plugins over the API (`true`), or only on "
        "this machine's terminal (`false`). Installing a plugin is running its code.",
    )
    ffmpeg: Source = Field(
        default="package",
        description="Where ffmpeg and ffprobe come from: `package` (the Python package's) or `path`.",
    )
    exiftool: Source = Field(
        default="package", description="Where exiftool comes from: `package` (the Python package's) or `path`."
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="Log lines for people (`console`) or for programs (`json`)."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important messages that are logged."
    )

    @field_validator("database_url", "redis_url")
    @classmethod
    def _address(cls, url: str | None, info: ValidationInfo) -> str | None:
        schemes = SCHEMES[info.field_name or ""]
        if url is not None and not url.startswith(schemes):
            msg = f"begins with one of {', '.join(schemes)}"
            raise ValueError(msg)
        return url

    @field_validator("work_memory")
    @classmethod
    def _room_for_jobs(cls, size: ByteSize) -> ByteSize:
        if 0 < size < LEAST_MEMORY:
            msg = f"a job process needs {LEAST_MEMORY >> 20} MiB at least"
            raise ValueError(msg)
        return size

    @field_validator("data", "media_location", "config_file")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path.expanduser().absolute() if path else None

    @property
    def media_folder(self) -> Path:
        """The media root."""
        return self.media_location or self.data / "media"

    def plugin_folder(self, plugin: str) -> Path:
        """Where a plugin keeps what is no one's photo."""
        return self.data / "plugins" / plugin

    def binaries(self) -> Binaries:
        """The media programs, from where these settings say."""
        return media_binaries(self.ffmpeg, self.exiftool)

    def environment(self) -> dict[str, str]:
        """These settings as environment variables; unset ones left out."""
        values = self.model_dump(mode="json", exclude_none=True)
        return {f"{PREFIX}{name.upper()}": str(value) for name, value in values.items()}


def cores() -> int:
    """How many cores this process may use."""
    return os.process_cpu_count() or 1
