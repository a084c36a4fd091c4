"""The server's product key. Only its form is checked: what signs it is known to Immich's makers alone."""

from datetime import UTC, datetime
from typing import Final

from immich_host.plugin_api.database import Database
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.types import wire_time
from immich_host.server import store
from immich_host.wire.dto import LicenseKeyDto, LicenseResponseDto

SERVER_PREFIX: Final = "IMSV-"
"""What keys of servers begin with."""


async def write(db: Database, body: LicenseKeyDto) -> LicenseResponseDto:
    """Store a key with the moment of its activation.

    Raises:
        Refused: 400 for a key of another kind.
    """
    if not body.license_key.startswith(SERVER_PREFIX) or not body.activation_key:
        raise Refused(400, "Invalid license key")
    value = {
        "licenseKey": body.license_key,
        "activationKey": body.activation_key,
        "activatedAt": wire_time(datetime.now(UTC)),
    }
    await store.set_metadata(db, store.LICENSE, value)
    return LicenseResponseDto.model_validate(value)
