"""Configuration of machine learning, as administrators see it."""

from typing import Annotated

from pydantic import Field

from immich_host.plugin_api.dto import Dto


class AdminConfigMachineLearningAvailabilityChecksDto(Dto):
    """Settings: machine learning availability checks."""

    enabled: bool
    interval: int
    timeout: int


class AdminConfigClipDto(Dto):
    """Settings: CLIP."""

    enabled: bool
    model_name: str


class AdminConfigDuplicateDetectionDto(Dto):
    """Settings: duplicate detection."""

    enabled: bool
    max_distance: Annotated[float, Field(ge=0.001, le=0.1)]


class AdminConfigFacialRecognitionDto(Dto):
    """Settings: facial recognition."""

    enabled: bool
    max_distance: Annotated[float, Field(ge=0.1, le=2)]
    min_faces: Annotated[int, Field(ge=1)]
    min_score: Annotated[float, Field(ge=0.1, le=1)]
    model_name: str


class AdminConfigOcrDto(Dto):
    """Settings: OCR."""

    enabled: bool
    max_resolution: Annotated[int, Field(ge=1)]
    min_detection_score: Annotated[float, Field(ge=0.1, le=1)]
    min_recognition_score: Annotated[float, Field(ge=0.1, le=1)]
    model_name: str


class AdminConfigMachineLearningDto(Dto):
    """Settings: machine learning."""

    availability_checks: AdminConfigMachineLearningAvailabilityChecksDto
    clip: AdminConfigClipDto
    duplicate_detection: AdminConfigDuplicateDetectionDto
    enabled: bool
    facial_recognition: AdminConfigFacialRecognitionDto
    ocr: AdminConfigOcrDto
    urls: Annotated[list[str], Field(min_length=1)]
