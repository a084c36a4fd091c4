"""Wiring: what this plugin hands to the host."""

import asyncio
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from immich_host.plugin_api import Host, Job, Section, Unusable, hookimpl
from immich_thumbnails import jobs, profile_picture
from immich_thumbnails.settings import ImageSettings, Limits

_LIBRARIES = {
    "PIL": "pillow",
    "numpy": "numpy",
    "pillow_heif": "pillow-heif",
    "pillow_jxl": "pillow-jxl-plugin",
    "rawpy": "rawpy",
    "resvg_py": "resvg-py",
}


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """Immich's `image` section, and the limits of this plugin."""
    return [ImageSettings, Limits]


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`generate`, the last step of an asset's way in."""
    return jobs.JOBS


@hookimpl
async def plugin_check(settings: Mapping[str, Section]) -> None:  # noqa: ARG001 - the hook's signature
    """Are the decoders there? Looked for without loading them, as API processes need none."""
    absent = [package for module, package in _LIBRARIES.items() if find_spec(module) is None]
    if absent:
        raise Unusable(f"missing {', '.join(absent)}: pip install {' '.join(absent)}")


@hookimpl
async def profile_image_stored(file: Path, host: Host) -> None:
    """Make profile pictures small, whatever format they came in. GIFs are taken as they are: they may move."""
    if not await asyncio.to_thread(_is_gif, file):
        await profile_picture.rewrite(file, host)


def _is_gif(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(6) in {b"GIF87a", b"GIF89a"}
