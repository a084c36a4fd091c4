"""The settings: Immich's two parts about faces, and what is this plugin's own."""

from typing import ClassVar

from pydantic import Field

from immich_host.plugin_api import Section


class FacialRecognition(Section):
    """Finding faces and telling people apart."""

    key: ClassVar[str] = "machineLearning.facialRecognition"

    enabled: bool = True
    """Whether faces are looked for in new photos."""
    model_name: str = "starter"
    """The model; with another one, all faces have to be looked for again."""
    min_score: float = Field(default=0.7, ge=0.1, le=1)
    """How sure the model must be that something is a face."""
    max_distance: float = Field(default=0.5, ge=0.1, le=2)
    """How far apart two faces of one person may be; less tells more people apart."""
    min_faces: int = Field(default=3, ge=1)
    """How many faces, near to each other, make a person."""


class FaceImport(Section):
    """People whom other programs have named in XMP regions of a file or its sidecar."""

    key: ClassVar[str] = "metadata.faces"

    import_: bool = Field(default=False, alias="import")
    """Whether they are taken over when a file is read; those named here by people stay as they are."""


class Faces(Section):
    """What Immich has no setting for."""

    key: ClassVar[str] = "faces"

    write_sidecars: bool = False
    """Whether the names of people are written into XMP sidecars; every photo of a named person then gets one."""
