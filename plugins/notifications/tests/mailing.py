"""A mail server on loopback, which keeps what it gets and turns down what it is told to."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from immich_notifications.settings import Smtp, Transport

USER, PASSWORD = "photos", "pässword"


@dataclass
class MailServer:
    """What it has got, and how it behaves."""

    port: int = 0
    host: str = "127.0.0.1"
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    signed_in: list[bool] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    refusals: dict[str, list[str]] = field(default_factory=dict)
    """`RCPT` or `DATA` -> answers to the next ones."""
    is_rude: bool = False
    """Whether it hangs up without a word at the end."""
    has_mail: asyncio.Event = field(default_factory=asyncio.Event)
    after_data: asyncio.Event | None = None
    """Where set, a mail is answered only when it is."""

    async def handle_RCPT(self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802
        if self.refusals.get("RCPT"):
            return self.refusals["RCPT"].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.refusals.get("DATA"):
            return self.refusals["DATA"].pop(0)
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients += envelope.rcpt_tos
        self.signed_in.append(session.authenticated)
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        self.has_mail.set()
        if self.after_data is not None:
            await self.after_data.wait()
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, _session: Any, _envelope: Envelope) -> str:  # noqa: N802
        if self.is_rude:
            server.transport.abort()
        return "221 Bye"

    def settings(self, **transport: Any) -> Smtp:
        """Settings by which mail goes here."""
        return Smtp(
            enabled=True,
            from_="Photos <photos@host.test>",
            transport=Transport(**{"host": self.host, "port": self.port, **transport}),
        )


def authenticated(server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=True) if known else AuthResult(success=False, handled=False)


@asynccontextmanager
async def mail_server(*, tls: str = "", auth: bool = False) -> AsyncIterator[MailServer]:
    """A server; `tls` is `start` for STARTTLS, `always` for TLS from the first byte. Its certificate is nobody's."""
    mails = MailServer()
    context = _certificate() if tls else None
    options: dict[str, Any] = {"hostname": "mail.test", "enable_SMTPUTF8": True}
    if tls == "start":
        options |= {"tls_context": context, "require_starttls": True}
    if auth:
        options |= {"authenticator": authenticated, "auth_required": True, "auth_require_tls": bool(tls)}

    def connected() -> SMTP:
        mails.connections += 1
        with warnings.catch_warnings():  # it advises against asking for passwords in the clear
            warnings.simplefilter("ignore")
            return SMTP(mails, loop=asyncio.get_running_loop(), **options)

    listening = await asyncio.get_running_loop().create_server(
        connected, mails.host, 0, ssl=context if tls == "always" else None
    )
    mails.port = listening.sockets[0].getsockname()[1]
    try:
        yield mails
    finally:
        listening.close()
        listening.close_clients()
        await listening.wait_closed()


def _certificate() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context
