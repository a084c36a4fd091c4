"""The rules."""

from typing import ClassVar, Literal

from pydantic import Field

from immich_host.plugin_api import Section


class AutoStack(Section):
    """What belongs together."""

    key: ClassVar[str] = "auto_stack"

    raw_pairs: bool = True
    """Stack a RAW file with the picture of the same name."""
    pair_seconds: float = Field(default=10, ge=0, le=3600)
    """How far the two may lie apart: cameras count names round and round."""
    shown: Literal["picture", "raw"] = "picture"
    """Which of a pair is shown."""
    bursts: bool = True
    """Stack photos that carry one burst id."""
    bursts_by_time: bool = False
    """Stack photos of one camera taken in quick succession, with no burst id."""
    burst_seconds: float = Field(default=1, gt=0, le=60)
    """The longest pause within such a burst."""
    burst_minimum: int = Field(default=3, ge=2)
    """Fewer photos than this, pairs counted once, are no burst by time."""
