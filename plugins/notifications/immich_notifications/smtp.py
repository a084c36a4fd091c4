"""Speaking to the mail server."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from typing import TYPE_CHECKING, Any
from uuid import UUID

from immich_notifications.letters import COVER, Letter
from immich_notifications.settings import Smtp, Transport

if TYPE_CHECKING:
    from aiosmtplib import SMTP

STEP_SECONDS = 10.0
"""How long the server may take for each answer."""


class MailFailed(Exception):
    """The server cannot be reached or turns the mail down; the message says why, in the server's words.

    `is_final`: the same mail would be turned down again.
    """

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in a mail; `subtype` as in `image/jpeg`."""

    content: bytes
    subtype: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who a mail goes to."""

    name: str
    address: str


async def verify(smtp: Smtp) -> None:
    """Connect, sign in, and begin a mail as if there were one.

    Raises:
        MailFailed: It does not work, or nobody could answer the mail.
    """
    with _addressing():
        sender = _address(smtp.from_)
        if smtp.reply_to:
            _address(smtp.reply_to)
    async with _connected(smtp.transport) as server:
        await server.mail(sender.addr_spec, **_beyond_ascii(sender.addr_spec))
        await server.rset()


async def send(smtp: Smtp, to: Recipient, letter: Letter, mail_id: UUID, picture: Picture | None = None) -> str:
    """Send a mail; returns its Message-ID, which is made of `mail_id`.

    Raises:
        MailFailed: It was not sent, as far as is known here.
    """
    message = _message(smtp, to, letter, mail_id, picture)
    async with _connected(smtp.transport) as server:
        await server.send_message(message)
    return str(message["Message-ID"])


@asynccontextmanager
async def _connected(transport: Transport) -> AsyncIterator["SMTP"]:
    from aiosmtplib import SMTP, SMTPException, SMTPRecipientsRefused, SMTPResponseException

    if not transport.host:
        raise MailFailed("the mail server has no name")
    signs_in = bool(transport.username or transport.password)
    try:
        async with SMTP(
            hostname=transport.host,
            port=transport.port,
            username=transport.username if signs_in else None,
            password=transport.password if signs_in else None,
            use_tls=transport.secure,
            validate_certs=not transport.ignore_cert,
            timeout=STEP_SECONDS,
        ) as server:
            yield server
    except SMTPRecipientsRefused as error:
        refused = error.recipients[0]
        raise MailFailed(f"{refused.code} {refused.message}", is_final=refused.code >= 500) from error
    except SMTPResponseException as error:
        raise MailFailed(f"{error.code} {error.message}") from error
    except SMTPException as error:
        raise MailFailed(error.message or "the mail server does not answer") from error
    except (OSError, ValueError) as error:  # TLS and the network; names that no server can have
        raise MailFailed(str(error) or type(error).__name__) from error


def _message(smtp: Smtp, to: Recipient, letter: Letter, mail_id: UUID, picture: Picture | None) -> EmailMessage:
    message = EmailMessage()
    with _addressing():
        sender = _address(smtp.from_)
        message["From"] = sender
        message["To"] = Address(" ".join(to.name.split()), addr_spec=to.address)
        if smtp.reply_to:
            message["Reply-To"] = _address(smtp.reply_to)
        message["Subject"] = letter.subject
        message["Message-ID"] = f"<{mail_id}@{sender.domain}>"
    message["Date"] = formatdate()
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.plain)
    message.add_alternative(letter.html, subtype="html")
    if picture is not None:
        _add(message, picture)
    return message


def _add(message: EmailMessage, picture: Picture) -> None:
    html = message.get_body(("html",))
    if isinstance(html, EmailMessage):
        html.add_related(
            picture.content,
            maintype="image",
            subtype=picture.subtype,
            cid=f"<{COVER}>",
            disposition="inline",
            filename=f"{COVER}.{picture.subtype}",
        )


def _beyond_ascii(address: str) -> dict[str, Any]:
    """What the command MAIL wants beside an address that is not all ASCII."""
    return {} if address.isascii() else {"options": ["SMTPUTF8"], "encoding": "utf-8"}


@contextmanager
def _addressing() -> Iterator[None]:
    try:
        yield
    except (ValueError, MessageError, IndexError) as error:
        raise MailFailed(f"a mail cannot have this address: {error}", is_final=True) from error


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    if "@" not in address:
        raise ValueError(f"{text or 'none'} is no e-mail address")
    return Address(" ".join(name.split()), addr_spec=address)
