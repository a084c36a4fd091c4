"""What other plugins hand in for a sidecar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from immich_host.plugin_api import Host
from immich_sidecar.faces import Face, stored_box

_log = structlog.get_logger("sidecar")


@dataclass(frozen=True, slots=True)
class Extras:
    """Tags and faces of one asset; None where nobody says anything about them."""

    tags: list[str] | None
    people: Sequence[Mapping[str, Any]] | None

    def faces(self, asset_id: UUID, exif: Mapping[str, Any]) -> list[Face] | None:
        """The faces as boxes of the stored picture; None where there are none to speak of."""
        if self.people is None:
            return None
        if picture_size(exif) is None:
            _log.warning("faces not written: the size of the picture is not known", asset=str(asset_id))
            return None
        turned = exif["orientation"] or "1"
        found: list[Face] = []
        for named in self.people:
            try:
                found.append(stored_box(named, int(turned) if turned.isdigit() else 1))
            except (KeyError, TypeError, ValueError) as error:
                _log.warning("a face was not written", asset=str(asset_id), error=repr(error))
        return found


async def handed_in(host: Host, asset_id: UUID) -> Extras:
    """Ask the other plugins; whatever one of them raises is raised."""
    fields = await host.gather("sidecar_extras", asset_ids=[asset_id])
    tags, people = (fields.get(name, {}).get(asset_id) for name in ("tags", "people"))
    return Extras(None if tags is None else list(tags), people)


def picture_size(exif: Mapping[str, Any]) -> tuple[int, int] | None:
    """Width and height in pixels as stored; None where metadata has not been read."""
    width, height = exif["exif_image_width"], exif["exif_image_height"]
    return (width, height) if width and height else None
