"""Immich's section `machineLearning.clip`."""

from typing import ClassVar

from pydantic import Field

from immich_host.plugin_api import Section


class ClipSettings(Section):
    """Whether photos can be found by what they show, and by which model."""

    key: ClassVar[str] = "machineLearning.clip"

    enabled: bool = True
    """Whether photos can be found by what they show."""
    model_name: str = Field(default="starter", min_length=1)
    """The model: `starter` comes with the server; others are downloaded, or brought by a plugin."""
