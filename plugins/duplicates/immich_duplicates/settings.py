"""The settings: Immich's part of machine learning, and what is this plugin's own."""

from typing import ClassVar

from pydantic import Field

from immich_host.plugin_api import Section


class DuplicateDetection(Section):
    """Part `duplicateDetection` of `machineLearning`, as Immich has it."""

    key: ClassVar[str] = "machineLearning.duplicateDetection"

    enabled: bool = True
    """Whether photos and videos are looked for that are the same; what is in groups stays there."""
    max_distance: float = Field(default=0.1, ge=0.001, le=0.1)
    """Cosine distance of two pictures' features up to which the pictures are compared in detail."""


class Fingerprints(Section):
    """How fingerprints of photos and videos are made."""

    key: ClassVar[str] = "duplicates"

    model_name: str = Field(default="starter", min_length=1)
    """Model of the task `duplicate-detection`: its `visual/model.onnx` has an output `feature` of 1280 numbers."""
    video_seconds: float = Field(default=60.0, gt=0)
    """How many seconds one run of ffmpeg may take for a frame of a video."""
