"""Base of a settings section: a frozen pydantic model in which every field has a default."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Section(BaseModel):
    """One section of the settings, stored under `key` of the `system-config` document.

    Field names are camelCase on the wire. A key that Immich's own config document has (`image`,
    `metadata`, `ffmpeg`) is served there; any other key must be the plugin's name and is served
    with the plugin's settings. A dotted key names a part of one of Immich's sections.
    """

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        extra="ignore",
        use_enum_values=True,
    )

    key: ClassVar[str]
