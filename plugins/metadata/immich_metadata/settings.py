"""The section `metadata` of the settings, as Immich's clients know it."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from immich_host.plugin_api import Section


class FaceSettings(BaseModel):
    """People that other programs have named in a picture's XMP regions."""

    model_config = ConfigDict(frozen=True, validate_by_name=True, serialize_by_alias=True)

    import_: bool = Field(default=False, alias="import")
    """Whether they are taken over; the plugin that owns faces reads it."""


class MetadataSettings(Section):
    """What is read from files."""

    key: ClassVar[str] = "metadata"

    faces: FaceSettings = FaceSettings()
