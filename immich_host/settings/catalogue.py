"""Which sections there are, their defaults, and how a document is read into them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from immich_host.hosting import Hosting, Stage
from immich_host.plugin_api.settings import Section
from immich_host.settings.defaults import IDLE
from immich_host.settings.documents import Document, merge, nested, part, replaced
from immich_host.settings.dto_admin import AdminConfigDto
from immich_host.settings.sections import HOST_SECTIONS
from immich_host.wire.issues import Issue, issues_of
from immich_host.wire.paths import SchemaView

HOST = "host"
"""Owner of the host's own sections."""

IMMICH_KEYS = frozenset(field.alias or name for name, field in AdminConfigDto.model_fields.items())
"""Keys of Immich's document; sections under other keys are served with their plugin."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A document read: canonical, with its sections and Immich's view of it."""

    document: Document
    sections: Mapping[type[Section], Section]
    config: AdminConfigDto
    faults: list[Issue] = field(default_factory=list[Issue])
    """What was not valid and was replaced by its default."""


class Catalogue:
    """All sections by class, with their owners, and the document of all defaults."""

    def __init__(self) -> None:
        self.owners: dict[type[Section], str] = dict.fromkeys(HOST_SECTIONS, HOST)
        self.defaults: Document = merge(IDLE, {section.key: dumped(section()) for section in HOST_SECTIONS})

    def add(self, section: type[Section], owner: str) -> None:
        """Take in a section; its defaults replace the idle ones.

        Raises:
            ValueError: The key is taken or nobody's, or the defaults do not make a valid document.
        """
        first, _, rest = section.key.partition(".")
        taken = {known.key: name for known, name in self.owners.items()}
        if section.key in taken:
            raise ValueError(f"the settings {section.key} belong to {taken[section.key]} already")
        if first not in IMMICH_KEYS and (rest or section.key != owner):
            raise ValueError(f"settings of {owner} have the key {owner} or one of Immich's, not {section.key}")
        try:
            values = dumped(section())
            defaults = merge(self.defaults, nested(section.key, values))
            AdminConfigDto.model_validate(defaults)
        except ValidationError as error:
            raise ValueError(f"the defaults of the settings {section.key} are not valid: {error}") from error
        self.owners[section] = owner
        self.defaults = defaults

    def read(self, document: Mapping[str, Any]) -> Reading:
        """Read a document; what is missing or invalid takes its default."""
        whole = merge(self.defaults, document)
        sections: dict[type[Section], Section] = {}
        faults: list[Issue] = []
        for section in self.owners:
            try:
                value = section.model_validate(part(whole, section.key))
            except ValidationError as error:
                faults += _issues(section, error, section.key.split("."))
                value = section()
                whole = replaced(whole, section.key, dumped(value))
            sections[section] = value
            whole = merge(whole, nested(section.key, dumped(value)))
        config = self._config(whole, faults)
        return Reading(merge(whole, dumped(config)), sections, config, faults)

    def _config(self, whole: Document, faults: list[Issue]) -> AdminConfigDto:
        """Immich's view; a top-level part that is not valid falls back to its defaults."""
        try:
            return AdminConfigDto.model_validate(whole)
        except ValidationError as error:
            faults += _issues(AdminConfigDto, error, ())
            for key in {str(detail["loc"][0]) for detail in error.errors()}:
                whole[key] = self.defaults[key]
            return AdminConfigDto.model_validate(whole)


def assembled(hosting: Hosting) -> Catalogue:
    """The host's sections and those of plugins; a section that cannot be used breaks its plugin."""
    catalogue = Catalogue()
    for plugin, sections in hosting.sections().items():
        for section in sections:
            try:
                catalogue.add(section, plugin)
            except ValueError as error:
                hosting.records[plugin].break_at(Stage.SETTINGS, str(error))
    return catalogue


def dumped(model: BaseModel) -> Document:
    """A model as the document has it."""
    return model.model_dump(mode="json", by_alias=True)


def _issues(model: type[BaseModel], error: ValidationError, start: Iterable[str]) -> list[Issue]:
    return issues_of(error, SchemaView(TypeAdapter(model)), tuple(start))
