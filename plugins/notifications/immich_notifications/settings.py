"""The settings: Immich's `notifications.smtp` and `templates.email`."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from immich_host.plugin_api import Section


class Transport(BaseModel):
    """The mail server, and how it is spoken to."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        extra="ignore",
    )

    host: str = ""
    """Name or address of the mail server."""
    port: int = Field(default=587, ge=0, le=65535)
    """Its port: 587 for STARTTLS, 465 for TLS from the start (`secure`), 25 for neither."""
    secure: bool = False
    """TLS from the first byte; else STARTTLS wherever the server offers it."""
    ignore_cert: bool = False
    """Whether any certificate is good enough."""
    username: str = ""
    """Empty where the server asks for none."""
    password: str = ""
    """Sent only where there is a user name or a password."""


class Smtp(Section):
    """Sending mail."""

    key: ClassVar[str] = "notifications.smtp"

    enabled: bool = False
    """Whether mail is sent; looked at when it is set: the server has to answer."""
    from_: str = Field(default="", alias="from")
    """Who mails come from: an address, or `Photos <photos@example.com>`."""
    reply_to: str = ""
    """Where answers go; empty: to who they come from."""
    transport: Transport = Transport()


class EmailTemplates(Section):
    """Texts of an administrator's own in mails, as HTML; empty for the built-in ones."""

    key: ClassVar[str] = "templates.email"

    album_invite_template: str = ""
    """To who was added to an album: `{albumName}`, `{albumId}`, `{recipientName}`, `{senderName}`, `{baseUrl}`."""
    album_update_template: str = ""
    """To members of an album with new photos: the same, but for `{senderName}`."""
    welcome_template: str = ""
    """To who has a new account: `{displayName}`, `{username}`, `{baseUrl}`."""
