"""Which folders."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from immich_host.plugin_api import Section


class Folder(BaseModel):
    """A folder and whose it is."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)

    path: Path
    owner: str
    """E-mail address of the account."""
    after_import: Literal["keep", "delete"] = "keep"


class HotFolder(Section):
    """What is watched, and when a file counts as complete."""

    key: ClassVar[str] = "hot_folder"

    folders: tuple[Folder, ...] = ()
    """Each with `path`, `owner` (e-mail address) and `afterImport` (keep, delete)."""
    settle_seconds: float = Field(default=5, ge=0, le=3600)
    """A file that was written to within this time is not yet complete."""
    rescan_seconds: float = Field(default=300, ge=1)
    """Look again even where nothing was noticed: network shares tell of no changes."""
    ignore: tuple[str, ...] = (".*", "*.tmp", "*.part", "*.crdownload", "Thumbs.db", "@eaDir", "#recycle")
    """Names of files and folders to pass over, with * and ?."""
