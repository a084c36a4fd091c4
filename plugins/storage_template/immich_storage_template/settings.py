"""The settings: Immich's `storageTemplate` section."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from immich_host.plugin_api import Section
from immich_storage_template.language import BadTemplate, Template, parse
from immich_storage_template.naming import name
from immich_storage_template.variables import KNOWN, PRESETS, Album, Subject

_MOMENT = datetime.fromisoformat("2024-05-01T10:11:12.345+00:00")


class StorageTemplate(Section):
    """Section `storageTemplate` of the system config, as Immich has it."""

    key: ClassVar[str] = "storageTemplate"

    enabled: bool = False
    hash_verification_enabled: bool = True
    template: str = Field(default=PRESETS[0])

    @field_validator("template")
    @classmethod
    def usable(cls, source: str) -> str:
        """A template that cannot be used is refused when it is set, and says why."""
        try:
            checked(source)
        except BadTemplate as error:
            raise PydanticCustomError(
                "storage_template", "Invalid storage template: {why}", {"why": str(error)}
            ) from error
        return source


def checked(source: str) -> Template:
    """Read a template that every file can be named by.

    Raises:
        BadTemplate: It is none: wrong grammar, an unknown variable, a path that leads outside.
    """
    if not source.strip(" /"):
        raise BadTemplate("it is empty")
    if not source.isprintable():
        raise BadTemplate("it has characters that no file name may have")
    template = parse(source)
    template.check(KNOWN)
    for album in (None, Album("Album", _MOMENT, _MOMENT)):
        name(template, Subject(UUID(int=0), "IMG_1", "jpg", True, _MOMENT, "Make", "Model", "Lens", album))
    return template
