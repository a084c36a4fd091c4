"""Routes of the tag Notifications (admin)."""

from pydantic import MISSING

from immich_host.plugin_api import Caller, Host, Permission, Refused, Routes
from immich_host.plugin_api.answers import AdminConfigSmtpDto
from immich_notifications import checking, letters
from immich_notifications.answers import answer
from immich_notifications.dto import (
    NotificationCreateDto,
    NotificationDto,
    NotificationLevel,
    NotificationType,
    TemplateDto,
    TemplateResponseDto,
    TestEmailResponseDto,
)
from immich_notifications.letters import EXAMPLES, Kind
from immich_notifications.mails import own_text
from immich_notifications.settings import Smtp
from immich_notifications.smtp import Recipient
from immich_notifications.store import Notice
from immich_notifications.telling import tell

ROUTES = Routes("Notifications (admin)")

ADMIN = {"permission": Permission.ALL, "admin": True}


@ROUTES.post("/admin/notifications", operation_id="createNotification", status=201, **ADMIN)
async def create_notification(host: Host, body: NotificationCreateDto) -> NotificationDto:
    """Tell a user something."""
    notice = Notice(
        type=NotificationType.CUSTOM if body.type is MISSING else body.type,
        level=NotificationLevel.INFO if body.level is MISSING else body.level,
        title=body.title,
        description=None if body.description is MISSING else body.description,
        data=None if body.data is MISSING else body.data,
        read_at=None if body.read_at is MISSING else body.read_at,
    )
    row = await tell(host, body.user_id, notice, unless_within=None)
    if row is None:
        raise Refused(400, "User not found")
    return answer(row)


@ROUTES.post("/admin/notifications/templates/{name}", operation_id="getNotificationTemplateAdmin", status=200, **ADMIN)
async def get_template(host: Host, name: str, body: TemplateDto) -> TemplateResponseDto:
    """A mail with made-up names in it, with the text given, else the one that is set, else the built-in one."""
    if name not in Kind:
        raise Refused(400, f"There is no template {name}: there are {', '.join(Kind)}")
    kind = Kind(name)
    own = body.template or own_text(host, kind)
    letter = letters.written(kind, EXAMPLES[kind], own=own, base_url=host.external_domain)
    return TemplateResponseDto(name=name, html=letter.html)


@ROUTES.post("/admin/notifications/test-email", operation_id="sendTestEmailAdmin", status=200, **ADMIN)
async def send_test_email(caller: Caller, host: Host, body: AdminConfigSmtpDto) -> TestEmailResponseDto:
    """Send the caller a mail with these settings, which need not be stored."""
    wanted = Smtp.model_validate(body.model_dump(by_alias=True))
    to = Recipient(caller.name, caller.email)
    return TestEmailResponseDto(message_id=await checking.send_test(wanted, to, host.external_domain))
