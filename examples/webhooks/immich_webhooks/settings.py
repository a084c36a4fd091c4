"""How deliveries are made."""

from typing import ClassVar

from pydantic import Field

from immich_host.plugin_api import Section


class Webhooks(Section):
    """Time, patience and memory."""

    key: ClassVar[str] = "webhooks"

    timeout_seconds: float = Field(default=10, gt=0, le=60)
    """How long an endpoint may take to answer."""
    attempts: int = Field(default=8, ge=1, le=20)
    """Tries of one delivery, the first included."""
    first_pause_seconds: float = Field(default=10, ge=0)
    """Before the second try; each further pause is four times as long, an hour at most."""
    keep_days: int = Field(default=7, ge=1)
    """How long the log keeps deliveries that are over."""
    private_networks: bool = False
    """Let people who are no administrators send to private and local addresses."""
