"""The settings: Immich's `machineLearning.ocr`."""

from typing import ClassVar

from pydantic import Field

from immich_host.plugin_api import Section

DEFAULT_MODEL = "PP-OCRv6_small"
"""The model that comes with rapidocr."""


class OcrSettings(Section):
    """Whether and how text in pictures is read."""

    key: ClassVar[str] = "machineLearning.ocr"

    enabled: bool = True
    """Whether text in pictures is read."""
    model_name: str = Field(default=DEFAULT_MODEL, min_length=1)
    """The model; Immich's `PP-OCRv5_mobile` and its kin work too. After a change, run the queue on what is stale."""
    min_detection_score: float = Field(default=0.5, ge=0.1, le=1)
    """How sure the model has to be that there is text."""
    min_recognition_score: float = Field(default=0.8, ge=0.1, le=1)
    """How sure the model has to be of what it reads."""
    max_resolution: int = Field(default=736, ge=1)
    """Short side in pixels of the picture in which text is looked for; more finds smaller text and takes longer."""
