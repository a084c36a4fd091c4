"""The files port: where derived files lie, and the `asset_file` rows that name them."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol
from uuid import UUID

AssetFileType = Literal["fullsize", "preview", "thumbnail", "sidecar", "encoded_video"]


@dataclass(frozen=True, slots=True)
class AssetFileRow:
    """One `asset_file`; `path` is absolute."""

    id: UUID
    asset_id: UUID
    type: AssetFileType
    path: Path
    is_edited: bool
    is_progressive: bool
    is_transparent: bool


class FilesPort(Protocol):
    """Paths in the database are relative to the media root; this port speaks absolute ones."""

    @property
    def media_root(self) -> Path:
        """Absolute path of the media root."""
        ...

    def derived_path(self, folder: Literal["thumbs", "encoded-video"], owner_id: UUID, name: str) -> Path:
        """`<folder>/<owner>/<aa>/<bb>/<name>`, sharded by the first four characters of `name`."""
        ...

    def upload_path(self, owner_id: UUID, suffix: str) -> Path:
        """A fresh `upload/<owner>/<aa>/<bb>/<uuid><suffix>`."""
        ...

    def writing(self, target: Path) -> AbstractAsyncContextManager[Path]:
        """A temporary path beside `target`; moved onto it when the block ends well, else removed."""
        ...

    async def of_asset(self, asset_id: UUID) -> list[AssetFileRow]:
        """All files of an asset."""
        ...

    async def register(
        self,
        asset_id: UUID,
        type: AssetFileType,
        path: Path,
        *,
        is_edited: bool = False,
        is_progressive: bool = False,
        is_transparent: bool = False,
        cause: str = "job",
    ) -> AssetFileRow:
        """Upsert the row of (asset, type, is_edited); a replaced file at another path is removed after commit.

        Publishes asset_file_written.
        """
        ...

    async def forget(self, asset_id: UUID, type: AssetFileType, *, is_edited: bool = False, keep: bool = False) -> None:
        """Delete the row, and after commit the file (unless `keep`)."""
        ...

    async def remove_later(self, *paths: Path) -> None:
        """Delete files after commit, by a job; missing ones are fine. Only paths under the media root."""
        ...
