"""Mails: noted in the transaction of what they tell of, then written and sent by a job."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from immich_host.plugin_api import Host, JobContext, Outcome
from immich_host.plugin_api.database import Row
from immich_host.plugin_api.errors import JobFailed
from immich_notifications import albums, letters, mail_store, smtp, store
from immich_notifications.letters import Kind, Letter
from immich_notifications.settings import EmailTemplates, Smtp
from immich_notifications.smtp import MailFailed, Picture, Recipient

SEND = "notifications.send_mail"

RETRIES = 6
"""Of a mail that cannot be sent, over three quarters of an hour: after 2, 8, 32, ... seconds."""

_PREFERENCES = {Kind.ALBUM_INVITE: "albumInvite", Kind.ALBUM_UPDATE: "albumUpdate"}


def own_text(host: Host, kind: Kind) -> str:
    """The administrator's own text for a kind of mail; empty where there is none."""
    set_ = host.settings(EmailTemplates)
    return {
        Kind.WELCOME: set_.welcome_template,
        Kind.ALBUM_INVITE: set_.album_invite_template,
        Kind.ALBUM_UPDATE: set_.album_update_template,
    }.get(kind, "")


async def request(
    host: Host, user_id: UUID, kind: Kind, about: dict[str, Any], unless_within: timedelta | None = None
) -> bool:
    """Have a mail sent to a user, if there is mail, and they want it; False where not. Joins the transaction."""
    if not host.settings(Smtp).enabled or not await _is_wanted(host, user_id, kind):
        return False
    async with host.db.transaction():
        await store.hold(host.db, user_id)
        mail_id = await mail_store.add(host.db, user_id, kind, about, unless_within)
        if mail_id is not None:
            await host.jobs.request(SEND, cause=kind, mail_id=mail_id)
    return mail_id is not None


async def _is_wanted(host: Host, user_id: UUID, kind: Kind) -> bool:
    name = _PREFERENCES.get(kind)
    if name is None:  # of one's own account, or asked for
        return True
    wishes = [await host.users.preference(user_id, "emailNotifications", each) for each in ("enabled", name)]
    return all(wishes)


async def send_mail(ctx: JobContext, *, mail_id: str | UUID) -> Outcome:
    """Write a mail and send it, unless it was sent, or there is no longer anything to tell."""
    host, wanted = ctx.host, UUID(str(mail_id))
    async with host.db.lock(f"notifications mail {wanted}"):
        mail = await mail_store.unsent(host.db, wanted)
        settings = host.settings(Smtp)
        if mail is None or not settings.enabled:
            return Outcome.SKIPPED
        try:
            is_sent = await _sent(host, mail, settings)
        except Exception as error:
            is_final = isinstance(error, MailFailed) and error.is_final
            if is_final or ctx.attempt > RETRIES:
                await mail_store.give_up(host.db, wanted)
            if is_final:
                raise JobFailed(f"the mail was turned down: {error}") from error
            raise
        # were the process to end here, the mail would go out again, with the Message-ID that it had
        await mail_store.sent(host.db, wanted)
    return Outcome.DONE if is_sent else Outcome.SKIPPED


async def _sent(host: Host, mail: Row, settings: Smtp) -> bool:
    """Send a mail; False where there is nobody to send it to, or nothing to tell."""
    account = await store.account(host.db, mail["user_id"])
    written = None if account is None else await _written(host, mail, account)
    if account is None or written is None:
        return False
    letter, picture = written
    await smtp.send(settings, Recipient(account["name"], account["email"]), letter, mail["id"], picture)
    return True


async def _written(host: Host, mail: Row, account: Row) -> tuple[Letter, Picture | None] | None:
    """A mail's text and picture; None where its album is gone or no longer the recipient's to see."""
    kind, about = Kind(mail["kind"]), orjson.loads(mail["about"])
    if kind is Kind.WELCOME:
        return _letter(host, kind, {"displayName": account["name"], "username": account["email"]}), None
    album = await albums.find(host, UUID(about["album_id"]))
    if album is None or account["id"] not in album.user_ids:
        return None
    variables = {"albumName": album.name, "albumId": str(album.id), "recipientName": account["name"]}
    if kind is Kind.ALBUM_INVITE:
        sender = await store.account(host.db, UUID(about["by"]))
        variables["senderName"] = "Somebody" if sender is None else sender["name"]
    picture = await albums.picture(host, album)
    return _letter(host, kind, variables, has_cover=picture is not None), picture


def _letter(host: Host, kind: Kind, variables: Mapping[str, str], *, has_cover: bool = False) -> Letter:
    own = own_text(host, kind)
    return letters.written(kind, variables, own=own, base_url=host.external_domain, has_cover=has_cover)
