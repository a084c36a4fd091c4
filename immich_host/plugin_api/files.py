"""The files port: where derived files lie, and the `asset_file` rows that name them."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol
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
        """`<folder>/<owner>/<aa>/<bb>/<name>`, sharded by the first four characters of `name`.

        Begin the name of what is made of an asset with its id: what a killed job wrote and did not register then
        goes with the asset.
        """
        ...

    async def remove_unnamed(self, folder: Literal["thumbs", "encoded-video"], asset_id: UUID) -> None:
        """Delete files of the asset (named by its id) in a folder of derived files that no row names.

        For a job that finds, on another try, that the asset does not need the files any more.
        """
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

    def holding(self, asset_id: UUID) -> AbstractAsyncContextManager[None]:
        """Nobody else moves or rewrites the original and the sidecar of this asset meanwhile, in any process.

        For whoever does either: read where the files are inside, not before. Short, and not within a
        transaction. Reading needs no such thing.
        """
        ...

    async def repoint(self, asset_id: UUID, renamed: Mapping[Path, Path], *, cause: str = "job") -> bool:
        """Make the rows of an asset that name old paths name new ones: its original's and those of its files.

        For moving files without a moment in which a row names nothing: give the file its new name first,
        beside the old one (a hard link, or a copy), call this, and take the old name away when it has
        committed. Nothing on disk is touched here. Publishes asset_changed where the original has moved.

        Args:
            asset_id: The asset.
            renamed: Old path -> new path, absolute, all under the media root.
            cause: Why; listeners see it.

        Returns:
            Whether all of them were named by rows of the asset and are repointed; otherwise, as when the asset
            is gone or was moved by somebody else, nothing has changed.

        Raises:
            BadPath (a ValueError): A path is not under the media root.
        """
        ...

    async def send(
        self, path: Path, scope: Any, receive: Any, send: Any, /, *, file_name: str | None = None, is_kept: bool = True
    ) -> None:
        """Answer a route that is `raw` with a file: by its extension, in ranges, with an ETag.

        Args:
            path: Absolute.
            scope: As the handler got it; `receive` and `send` too.
            receive: ASGI's.
            send: ASGI's.
            file_name: What the client may call it.
            is_kept: Whether clients may keep it for a day; otherwise they ask each time whether it has changed.

        Raises:
            NotFound: There is no such file.
        """
        ...

    async def remove_later(self, *paths: Path) -> None:
        """Delete files after commit, by a job; missing ones are fine. Only paths under the media root."""
        ...
