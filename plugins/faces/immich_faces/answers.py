"""People and faces as the wire shows them."""

import os
from collections.abc import Mapping
from typing import Any

from pydantic import MISSING

from immich_faces.dto import AssetFaceResponseDto, SourceType
from immich_host.plugin_api import Host
from immich_host.plugin_api.answers import PersonResponseDto


def person_answer(host: Host, row: Mapping[str, Any]) -> PersonResponseDto:
    """A person from a row with the columns of `person`."""
    return PersonResponseDto.model_construct(
        id=row["id"],
        name=row["name"],
        birth_date=row["birth_date"],
        is_hidden=row["is_hidden"],
        is_favorite=row["is_favorite"],
        color=MISSING if row["color"] is None else row["color"],
        thumbnail_path=_whole(host, row["thumbnail_path"]),
        updated_at=row["updated_at"],
    )


def pictures_folder(host: Host) -> str:
    """What comes before the paths of pictures in rows."""
    return f"{host.files.media_root}{os.sep}"


def _whole(host: Host, path: str) -> str:
    # as text: long lists have many, and path objects take 20 times as long
    return path if not path or path.startswith(os.sep) else pictures_folder(host) + path


def face_answer(host: Host, row: Mapping[str, Any]) -> AssetFaceResponseDto:
    """A face from a row of `face_store.of_asset`."""
    return AssetFaceResponseDto(
        id=row["face_id"],
        image_width=row["image_width"],
        image_height=row["image_height"],
        bounding_box_x1=row["bounding_box_x1"],
        bounding_box_x2=row["bounding_box_x2"],
        bounding_box_y1=row["bounding_box_y1"],
        bounding_box_y2=row["bounding_box_y2"],
        source_type=SourceType(row["source_type"]),
        person=None if row["id"] is None else person_answer(host, row),
    )
