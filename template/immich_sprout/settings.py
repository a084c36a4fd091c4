"""The settings."""

from typing import ClassVar

from pydantic import Field

from immich_host.plugin_api import Section


class SproutSettings(Section):
    """What is noted."""

    key: ClassVar[str] = "sprout"

    minimum_bytes: int = Field(default=0, ge=0)
    """Smaller files are passed over."""
