"""Which version of the API clients are told, and which version this program is."""

from importlib.metadata import PackageNotFoundError, version
from typing import Final

from immich_host.server.dto import ServerVersionResponseDto

API_VERSION: Final = (3, 2, 2)
"""The version of Immich's API that is spoken here; the mobile app chooses its sync types by it."""

API_VERSION_TEXT: Final = "v" + ".".join(map(str, API_VERSION))

DISTRIBUTION: Final = "immich-host"


def own_version() -> str:
    """The version of this program."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:  # run from a folder that was never installed
        return "0"


def api_version() -> ServerVersionResponseDto:
    """The API version as the wire has it."""
    major, minor, patch = API_VERSION
    return ServerVersionResponseDto(major=major, minor=minor, patch=patch, prerelease=None)
