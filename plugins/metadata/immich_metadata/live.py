"""Live photos: a still and a short video that share an identifier."""

from immich_metadata.values import Tags, first_text

_IDENTIFIERS = ("ContentIdentifier", "MediaGroupUUID")


def content_identifier(tags: Tags) -> str | None:
    """What the still and the video of one live photo have in common."""
    return first_text(tags, _IDENTIFIERS)
