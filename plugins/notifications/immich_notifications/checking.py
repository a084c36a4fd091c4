"""Whether settings for mail can be used, before they are stored."""

import asyncio
from uuid import uuid4

from immich_host.plugin_api import Refused
from immich_notifications import letters, smtp
from immich_notifications.letters import Kind
from immich_notifications.settings import Smtp
from immich_notifications.smtp import MailFailed, Recipient

FAILED = "Failed to verify SMTP configuration"

CHECK_SECONDS = 12.0
"""How long looking at the server may take in all; the host waits for 15."""


async def check(wanted: Smtp) -> None:
    """Does the server answer, and let us in?

    Raises:
        Refused: 400 - with what the server says.
    """
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await smtp.verify(wanted)
    except TimeoutError as error:
        raise Refused(400, f"{FAILED}: the mail server takes more than {CHECK_SECONDS:g} seconds") from error
    except MailFailed as error:
        raise Refused(400, f"{FAILED}: {error}") from error


async def send_test(wanted: Smtp, to: Recipient, base_url: str) -> str:
    """Send a mail that says no more than that it can be sent; returns its id.

    Raises:
        Refused: 400 - with what the server says.
    """
    await check(wanted)
    letter = letters.written(Kind.TEST, {"displayName": to.name}, base_url=base_url)
    try:
        return await smtp.send(wanted, to, letter, uuid4())
    except MailFailed as error:
        raise Refused(400, f"Failed to send the test e-mail: {error}") from error
