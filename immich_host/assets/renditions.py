"""Which file answers for an asset: original, preview, thumbnail, fullsize or playable video.

What an owner's grid asks for again and again is remembered, so that a warm picture costs no SQL.
Change notices of `asset` and `asset_file` take it out again, in every process.
"""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, Literal
from uuid import UUID
from weakref import WeakKeyDictionary

from immich_host.media.sending import SentFile, sent_file
from immich_host.plugin_api.web import Caller
from immich_host.wire.kernel import Kernel

type Kind = Literal["thumbnail", "preview", "fullsize", "encoded_video", "original"]

REMEMBERED: Final = 8192

_SELECT = """
SELECT a.owner_id, a.visibility, a.type, a.original_path, a.original_file_name, a.is_external, a.is_edited,
  f.path, f.is_edited AS file_is_edited
FROM asset a LEFT JOIN LATERAL (
  SELECT path, is_edited FROM asset_file
  WHERE asset_id = a.id AND type = $2 AND (NOT is_edited OR $3) ORDER BY is_edited DESC LIMIT 1
) f ON true
WHERE a.id = $1
"""


@dataclass(frozen=True, slots=True)
class Rendition:
    """An asset's file of one kind; `file` is None where there is none."""

    owner_id: UUID
    is_locked: bool
    is_video: bool
    is_edited: bool
    original_name: str
    file: SentFile | None

    def is_open_to(self, caller: Caller) -> bool:
        """Whether the caller may have it as the owner; everybody else's rights are asked for."""
        return (
            caller.user_id == self.owner_id and caller.shared_link is None and (caller.elevated or not self.is_locked)
        )


class Renditions:
    """Finds renditions; one object per host and process, by `renditions_of`."""

    def __init__(self, host: Kernel) -> None:
        self._host = host
        self._known: OrderedDict[UUID, dict[tuple[Kind, bool], Rendition]] = OrderedDict()
        self._changes = 0
        host.notices.subscribe("asset", self._forget)
        host.notices.subscribe("asset_file", self._forget)

    def remembered(self, asset_id: UUID, kind: Kind, *, edited: bool) -> Rendition | None:
        """The rendition, if it is remembered and can be relied on."""
        known = self._known.get(asset_id)
        if known is None or not self._host.notices.connected:
            return None
        self._known.move_to_end(asset_id)
        return known.get((kind, edited))

    async def find(self, asset_id: UUID, kind: Kind, *, edited: bool) -> Rendition | None:
        """The rendition from the database; None for an unknown asset.

        With `edited` the edited file is taken where there is one.
        """
        changes = self._changes
        file_kind = "fullsize" if kind == "original" else kind
        row = await self._host.db.fetchrow(_SELECT, asset_id, file_kind, edited)
        if row is None:
            return None
        if kind == "original":
            file = self._original(row, prefer_edited=edited)
            lasting = (not row["is_edited"] or not edited) and not _passes_on(row["original_path"])
        elif row["path"] is None:
            file, lasting = None, False  # new files are not told of
        else:
            file = self._derived(row, kind)
            lasting = row["file_is_edited"] == edited or not row["is_edited"]
        rendition = Rendition(
            row["owner_id"], row["visibility"] == "locked", row["type"] == "VIDEO", row["is_edited"],
            row["original_file_name"], file,
        )  # fmt: skip
        if lasting and changes == self._changes:
            self._remember(asset_id, (kind, edited), rendition)
        return rendition

    def _original(self, row: Any, *, prefer_edited: bool) -> SentFile:
        name = row["original_file_name"]
        if prefer_edited and row["is_edited"] and row["path"] is not None and row["file_is_edited"]:
            path = self._path(row, "path")
            return sent_file(path, file_name=f"{PurePosixPath(name).stem}_edited{PurePosixPath(path).suffix}")
        keep_open = not _passes_on(row["original_path"])
        return sent_file(self._path(row, "original_path"), file_name=name, keep_open=keep_open)

    def _derived(self, row: Any, kind: Kind) -> SentFile:
        path, name = self._path(row, "path"), PurePosixPath(row["original_file_name"])
        if kind == "encoded_video":
            return sent_file(path, file_name=f"{name.stem}{PurePosixPath(path).suffix}")
        return sent_file(path, file_name=f"{name.stem}_{kind}{PurePosixPath(path).suffix}")

    def _path(self, row: Any, column: str) -> str:
        return str(self._host.paths.absolute(row[column], external=row["is_external"]))

    def _remember(self, asset_id: UUID, key: tuple[Kind, bool], rendition: Rendition) -> None:
        self._known.setdefault(asset_id, {})[key] = rendition
        self._known.move_to_end(asset_id)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _forget(self, changed: frozenset[str] | None) -> None:
        self._changes += 1
        if changed is None:
            self._known.clear()
            return
        for asset_id in changed:
            self._known.pop(UUID(asset_id), None)


def _passes_on(stored: str) -> bool:
    """Whether the name may pass to another asset's file: in `library` names are given anew, elsewhere never."""
    return stored.startswith("library/")


_by_host: WeakKeyDictionary[Kernel, Renditions] = WeakKeyDictionary()


def renditions_of(host: Kernel) -> Renditions:
    """This process's renditions."""
    found = _by_host.get(host)
    if found is None:
        found = _by_host[host] = Renditions(host)
    return found
