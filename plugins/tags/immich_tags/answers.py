"""Tags as clients see them."""

from pydantic import MISSING

from immich_host.plugin_api.answers import TagResponseDto
from immich_host.plugin_api.database import Row
from immich_tags.paths import name_of


def tag_answer(row: Row) -> TagResponseDto:
    """A tag; of a row of the table."""
    return TagResponseDto.model_construct(
        id=row["id"],
        name=name_of(row["value"]),
        value=row["value"],
        color=MISSING if row["color"] is None else row["color"],
        parent_id=MISSING if row["parent_id"] is None else str(row["parent_id"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
