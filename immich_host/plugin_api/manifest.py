"""What a plugin says of itself before any of its code runs."""

from dataclasses import dataclass
from typing import Literal

Milestone = Literal["created", "gathered", "described", "placed", "viewable"]
"""Stations on a photo's way, in this order; each is published as the fact `asset_<milestone>`."""

MILESTONES: tuple[Milestone, ...] = ("created", "gathered", "described", "placed", "viewable")

Use = Literal["network", "subprocess", "gpu", "outside_files"]
"""What an admin is told that a plugin makes use of before it is installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The checked content of a manifest; build it with `Plugin(...)`."""

    name: str
    title: str
    description: str
    api: str
    requires: tuple[str, ...]
    wants: tuple[str, ...]
    provides: tuple[Milestone, ...]
    uses: tuple[Use, ...]
    commands: tuple[str, ...]


def Plugin(  # noqa: N802 - reads as the declaration it is: PLUGIN = Plugin("faces", ...)
    name: str,
    *,
    title: str = "",
    description: str = "",
    api: str = ">=1,<2",
    requires: tuple[str, ...] = (),
    wants: tuple[str, ...] = (),
    provides: tuple[Milestone, ...] = (),
    uses: tuple[Use, ...] = (),
    commands: tuple[str, ...] = (),
) -> Manifest:
    """Declare a plugin; assign the result to `PLUGIN` in the package's `__init__.py`.

    Args:
        name: The one name used everywhere: entry point, hook prefix, job prefix, settings key,
            logger, migration stem and URL prefix. Lower case letters, digits and underscores.
        title: What an admin reads in a list; the name where empty.
        description: One sentence for the admin.
        api: Range of plugin API versions, as in packaging (`>=1,<2`).
        requires: Plugins without which this one is off; their `api` module may be imported.
        wants: Plugins used when they are there, with no import.
        provides: Milestones that one of this plugin's jobs reaches; at most one provider each.
        uses: What the admin is shown before installing.
        commands: Names of commands and groups, of those that `register_commands` brings, which stand beside the
            host's own: `immich-host infer`. All stand below the plugin's name: `immich-host inference infer`.

    Raises:
        ValueError: The name is not usable as a Python identifier in lower case.
    """
    if not (name.isidentifier() and name == name.lower()):
        msg = f"plugin name {name!r}: use lower case letters, digits and underscores"
        raise ValueError(msg)
    return Manifest(
        name=name,
        title=title or name.replace("_", " ").capitalize(),
        description=description,
        api=api,
        requires=requires,
        wants=wants,
        provides=provides,
        uses=uses,
        commands=commands,
    )
