"""The sections `map` and `reverseGeocoding` of the settings, as Immich's clients know them."""

from typing import ClassVar

from pydantic import Field

from immich_host.plugin_api import Section

_STYLES = "https://tiles.immich.cloud/v1/style"


class MapSettings(Section):
    """The map that clients draw."""

    key: ClassVar[str] = "map"

    enabled: bool = True
    """Whether clients offer it."""
    light_style: str = Field(default=f"{_STYLES}/light.json", pattern=r"^[a-zA-Z][a-zA-Z0-9+.-]*://\S+$")
    """Style of the map, from which clients take its tiles; the server itself asks nobody."""
    dark_style: str = Field(default=f"{_STYLES}/dark.json", pattern=r"^[a-zA-Z][a-zA-Z0-9+.-]*://\S+$")
    """The same for dark screens."""


class ReverseGeocodingSettings(Section):
    """Whether places get their names."""

    key: ClassVar[str] = "reverseGeocoding"

    enabled: bool = True
    """Off: new positions get no names; names that photos have stay until their position changes."""
