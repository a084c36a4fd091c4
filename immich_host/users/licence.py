"""Product keys of users. Only their form is checked: what signs them is known to Immich's makers alone."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from immich_host.plugin_api.database import Database
from immich_host.plugin_api.errors import NotFound, Refused
from immich_host.plugin_api.types import wire_time
from immich_host.users import store
from immich_host.users.changes import changed
from immich_host.wire.dto import LicenseKeyDto, LicenseResponseDto

KEY: Final = "license"
USER_PREFIX: Final = "IMCL-"


async def read(db: Database, user_id: UUID) -> LicenseResponseDto:
    """The stored key.

    Raises:
        NotFound: There is none.
    """
    found = await store.metadata(db, user_id, KEY)
    if found is None:
        raise NotFound("No license")
    return LicenseResponseDto.model_validate(found)


async def write(db: Database, user_id: UUID, body: LicenseKeyDto) -> LicenseResponseDto:
    """Store a user's key with the moment of its activation.

    Raises:
        Refused: 400 for a key of another kind.
    """
    if not body.license_key.startswith(USER_PREFIX) or not body.activation_key:
        raise Refused(400, "Invalid license key")
    value = {
        "licenseKey": body.license_key,
        "activationKey": body.activation_key,
        "activatedAt": wire_time(datetime.now(UTC)),
    }
    await store.set_metadata(db, user_id, KEY, value)
    changed(user_id)
    return LicenseResponseDto.model_validate(value)
