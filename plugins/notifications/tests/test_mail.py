"""Mail: to whom, when, what is in it, and what is done when it cannot be sent."""

import asyncio
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.plugin_api.errors import JobFailed
from immich_host.settings.sections import ServerSection
from immich_host.testing import RunningHost
from immich_host.testing.host import PASSWORD, expect
from immich_host.testing.waiting import PATIENCE
from immich_notifications import mails as sending
from immich_notifications.letters import Kind
from immich_notifications.settings import EmailTemplates, Smtp
from immich_notifications.smtp import MailFailed
from plugins.notifications.tests.mailing import MailServer
from plugins.notifications.tests.others import ALBUMS

type MakeUser = Callable[[str], Awaitable[Any]]
type MakeAlbum = Callable[..., UUID]

BASE = "https://photos.test"


@pytest.fixture
async def base_url(house: RunningHost) -> Any:
    await house.configure(ServerSection(external_domain=f"{BASE}/"))
    yield BASE
    await house.configure(ServerSection())


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return body.get_content().replace("\r\n", "\n")


async def invite(house: RunningHost, album_id: UUID, user: Any, by: Any) -> None:
    await house.publish("albums_invited", album_id=album_id, user_id=user.id, by=by.id)
    await house.drain()


async def new_account(house: RunningHost, login: str, **fields: Any) -> str:
    admin = await house.client()
    body = {"email": f"{login}@host.test", "password": PASSWORD, "name": login.title(), **fields}
    user_id = expect(await admin.post("/api/admin/users", json=body), 201)["id"]
    await house.drain()
    return user_id


async def test_a_new_account_is_welcomed_if_whoever_made_it_wants_that(
    house: RunningHost, mails: MailServer, base_url: str
) -> None:
    await new_account(house, "silent")
    await new_account(house, "quiet", notify=False)
    assert mails.mails == []
    user_id = await new_account(house, "welcome", name='Wél <b>"come"', notify=True)
    (mail,) = mails.mails
    assert mails.recipients == ["welcome@host.test"]
    assert mail["From"] == "Photos <photos@host.test>"
    assert mail["To"].addresses[0].display_name == 'Wél <b>"come"'
    assert mail["Auto-Submitted"] == "auto-generated"
    html, plain = part(mail, "html"), part(mail, "plain")
    assert "Wél &lt;b&gt;" in html
    assert "<b>" not in html
    for text in (html, plain):
        assert "welcome@host.test" in text
        assert f"{base_url}/auth/login" in text
    assert 'Wél <b>"come"' in plain
    assert PASSWORD not in mail.as_string() + html + plain
    await house.publish("user_created", user_id=UUID(user_id), notify=True)
    await house.drain()
    assert len(mails.mails) == 1


async def test_without_an_address_of_the_server_there_are_no_links(house: RunningHost, mails: MailServer) -> None:
    await new_account(house, "linkless", notify=True)
    assert "http" not in part(mails.mails[0], "html").replace('lang="en"', "")
    assert "http" not in part(mails.mails[0], "plain")


async def test_an_invitation_by_mail(
    user: MakeUser, house: RunningHost, album: MakeAlbum, mails: MailServer, base_url: str
) -> None:
    ann, ben = await user("ann"), await user("ben")
    summer = album("Sömmer\n& <Co>", ann, ben)
    await invite(house, summer, ben, ann)
    (mail,) = mails.mails
    assert mails.recipients == [ben.email]
    assert mail["Subject"] == "You were added to the album Sömmer & <Co>"
    assert "Sömmer" in part(mail, "plain")
    assert "&amp; &lt;Co&gt;" in part(mail, "html")
    assert f'href="{base_url}/albums/{summer}"' in part(mail, "html")
    assert [each.get_content_type() for each in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    await invite(house, summer, ben, ann)
    assert len(mails.mails) == 1


async def test_wishes_about_mail_count_and_notifications_come_all_the_same(
    user: MakeUser, house: RunningHost, album: MakeAlbum, mails: MailServer
) -> None:
    ann, carl = await user("ann"), await user("carl")
    for wishes in ({"enabled": False}, {"enabled": True, "albumInvite": False}):
        await carl.prefer(**wishes)
        await invite(house, album(str(wishes), ann, carl), carl, ann)
    assert mails.mails == []
    assert len(await carl.notices()) == 2
    await carl.prefer(albumInvite=True, albumUpdate=False)
    album_id = album("Wanted", ann, carl)
    await invite(house, album_id, carl, ann)
    assert len(mails.mails) == 1
    await update(house, album_id, ann)
    assert len(mails.mails) == 1
    await carl.prefer(albumUpdate=True)
    await update(house, album_id, ann)
    assert mails.mails[1]["Subject"] == "New in the album Wanted"


async def update(house: RunningHost, album_id: UUID, by: Any) -> None:
    await house.publish("albums_changed", album_id=album_id, by=by.id, asset_ids=[uuid4()])
    await house.kernel.job_room.outbox.settle()
    await house.kernel.db.execute(
        "UPDATE notifications_album_change SET last_at = last_at - interval '10 minutes', first_at = first_at"
    )
    await house.drain()


async def test_the_cover_of_an_album_is_in_the_mail_if_others_may_see_it(
    user: MakeUser, house: RunningHost, album: MakeAlbum, mails: MailServer
) -> None:
    ann, dora = await user("ann"), await user("dora")
    photo = await house.upload(b"\xff\xd8\xff cover", user="ann")
    files = house.kernel.files
    path = files.derived_path("thumbs", ann.id, f"{photo}_thumbnail.webp")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"RIFF a small picture")
    await files.register(photo, "thumbnail", path)
    await invite(house, album("Covered", ann, dora, cover=photo), dora, ann)
    (mail,) = mails.mails
    (picture,) = [each for each in mail.walk() if each.get_content_maintype() == "image"]
    assert (picture.get_content_type(), picture["Content-ID"]) == ("image/webp", "<album-cover>")
    assert picture.get_content() == b"RIFF a small picture"
    assert 'src="cid:album-cover"' in part(mail, "html")
    path.write_bytes(b"x" * 600_000)
    await invite(house, album("Large", ann, dora, cover=photo), dora, ann)
    path.write_bytes(b"RIFF again")
    await ann.client.put("/api/assets", json={"ids": [str(photo)], "visibility": "locked"})
    await invite(house, album("Locked", ann, dora, cover=photo), dora, ann)
    path.unlink()
    await ann.client.put("/api/assets", json={"ids": [str(photo)], "visibility": "timeline"})
    await invite(house, album("Lost", ann, dora, cover=photo), dora, ann)
    await invite(house, album("Erased", ann, dora, cover=uuid4()), dora, ann)
    assert len(mails.mails) == 5
    for coverless in mails.mails[1:]:
        assert "cid:" not in part(coverless, "html")
        assert [each for each in coverless.walk() if each.get_content_maintype() == "image"] == []


async def test_own_texts_with_variables(
    user: MakeUser, house: RunningHost, album: MakeAlbum, mails: MailServer, base_url: str
) -> None:
    await house.configure(
        EmailTemplates(
            album_invite_template="<p>Dear {recipientName},</p><p>{senderName}: {albumName} {nothing} {password}</p>"
            '<a href="{baseUrl}/albums/{albumId}">here</a> {{ 7 * 7 }}',
            welcome_template="Hi {displayName} = {username}",
        )
    )
    ann, eve = await user("ann"), await user("eve")
    album_id = album("<script>{senderName}", ann, eve)
    await invite(house, album_id, eve, ann)
    html, plain = part(mails.mails[0], "html"), part(mails.mails[0], "plain")
    assert "<p>Dear Eve,</p><p>Ann: &lt;script&gt;{senderName} {nothing} {password}</p>" in html
    assert f'<a href="{base_url}/albums/{album_id}">here</a> {{{{ 7 * 7 }}}}' in html
    assert plain.startswith(f"Dear Eve,\nAnn: <script>{{senderName}} {{nothing}} {{password}}\n{base_url}/albums/")
    await new_account(house, "own", notify=True)
    assert "Hi Own = own@host.test" in part(mails.mails[1], "plain")


async def test_while_mail_is_off_none_is_noted(user: MakeUser, house: RunningHost, album: MakeAlbum) -> None:
    ann, fred = await user("ann"), await user("fred")
    await invite(house, album("Off", ann, fred), fred, ann)
    assert len(await fred.notices()) == 1
    noted = "SELECT count(*) FROM notifications_mail WHERE user_id = $1"
    assert await house.kernel.db.fetchval(noted, fred.id) == 0


async def noted(house: RunningHost, user: Any, album_id: UUID, by: Any) -> str:
    """A mail that waits to be sent; the only one to this user."""
    about = {"album_id": str(album_id), "by": str(by.id)}
    assert await sending.request(house.kernel, user.id, Kind.ALBUM_INVITE, about)
    row = await house.kernel.db.fetchrow("SELECT id FROM notifications_mail WHERE user_id = $1", user.id)
    return str(row["id"])


async def test_nothing_is_sent_about_what_is_no_longer_to_be_seen(
    user: MakeUser, house: RunningHost, album: MakeAlbum, mails: MailServer
) -> None:
    ann, gina, hal, ivy, jon = [await user(name) for name in ("ann", "gina", "hal", "ivy", "jon")]
    album_id = album("Shared", ann, gina, hal, ivy, jon)
    for each in (gina, hal, ivy, jon):
        await noted(house, each, album_id, ann)
    ALBUMS[album_id]["user_ids"] = [ann.id, hal.id, ivy.id]
    admin = await house.client()
    expect(await admin.request("DELETE", f"/api/admin/users/{ivy.id}", json={}), 200)
    await house.drain()
    assert mails.recipients == [hal.email]


async def test_who_has_shared_may_be_gone(
    user: MakeUser, house: RunningHost, album: MakeAlbum, mails: MailServer
) -> None:
    kim, gone = await user("kim"), await user("leaving")
    album_id = album("Left", kim)
    await noted(house, kim, album_id, gone)
    admin = await house.client()
    expect(await admin.request("DELETE", f"/api/admin/users/{gone.id}", json={"force": True}), 200)
    await house.drain()
    assert "Somebody shares the album Left with you" in part(mails.mails[0], "plain")


async def test_a_mail_is_sent_once_however_often_its_job_runs(
    user: MakeUser, house: RunningHost, album: MakeAlbum, mails: MailServer
) -> None:
    ann, leo = await user("ann"), await user("leo")
    mail_id = await noted(house, leo, album("Once", ann, leo), ann)
    mails.after_data = asyncio.Event()
    mails.has_mail.clear()

    class Context:
        host = house.kernel

    runs = [asyncio.ensure_future(sending.send_mail(Context(), mail_id=mail_id)) for _ in range(3)]  # type: ignore[arg-type]
    await asyncio.wait_for(mails.has_mail.wait(), PATIENCE)
    mails.after_data.set()
    assert sorted([await run for run in runs]) == ["done", "skipped", "skipped"]
    await house.kernel.jobs.request(sending.SEND, mail_id=mail_id)
    await house.drain()
    assert len(mails.mails) == 1
    assert mails.mails[0]["Message-ID"] == f"<{mail_id}@host.test>"


async def test_a_mail_that_is_turned_down_for_now_goes_out_later_as_the_same(
    user: MakeUser, house: RunningHost, album: MakeAlbum, mails: MailServer
) -> None:
    ann, mia = await user("ann"), await user("mia")
    for stage in ("RCPT", "DATA"):
        mails.refusals = {stage: ["451 come back later"]}
        mail_id = await noted(house, mia, album(stage, ann, mia), ann)
        with pytest.raises(MailFailed, match="451 come back later"):
            await house.drain()
        assert len(await house.kernel.db.fetch("SELECT FROM notifications_mail WHERE sent_at IS NULL")) == 1
        await house.kernel.jobs.request(sending.SEND, mail_id=mail_id)
        await house.drain()
        assert mails.mails.pop()["Message-ID"] == f"<{mail_id}@host.test>"
        await house.kernel.db.execute("DELETE FROM notifications_mail")


async def test_a_recipient_who_is_refused_for_good_is_not_tried_again(
    user: MakeUser, house: RunningHost, album: MakeAlbum, mails: MailServer
) -> None:
    ann, nina, admin = await user("ann"), await user("nina"), await user("admin")
    mails.refusals = {"RCPT": ["550 no such user here"]}
    await noted(house, nina, album("Refused", ann, nina), ann)
    with pytest.raises(JobFailed, match="550 no such user here"):
        await house.drain()
    assert mails.mails == []
    (told,) = [one for one in await admin.notices(type="JobFailed") if one["data"]["job"] == sending.SEND]
    assert "550 no such user here" in told["description"]
    await caught_up(house)
    assert mails.mails == []


async def caught_up(house: RunningHost) -> None:
    """Some time later."""
    await house.kernel.db.execute("UPDATE notifications_mail SET created_at = created_at - interval '10 minutes'")
    await house.kernel.jobs.request("notifications.catch_up")
    await house.drain()


async def test_what_was_due_while_the_plugin_was_off_is_sent_when_it_is_on_again(
    user: MakeUser, house: RunningHost, album: MakeAlbum, mails: MailServer
) -> None:
    ann, pia = await user("ann"), await user("pia")
    await noted(house, pia, album("Waiting", ann, pia), ann)
    await house.turn_off("notifications")
    await house.drain()
    await house.turn_on("notifications")
    await house.drain()
    assert mails.mails == []
    await house.kernel.jobs.request("notifications.catch_up")
    await house.drain()
    assert mails.mails == [], "it is not late yet"
    await house.configure(Smtp())
    await caught_up(house)
    await house.configure(mails.settings())
    assert mails.mails == [], "mail is off"
    for _ in range(2):
        await caught_up(house)
        assert mails.recipients == [pia.email]


async def test_a_mail_that_was_tried_for_long_enough_is_left_to_the_administrator(
    user: MakeUser, house: RunningHost, album: MakeAlbum, mails: MailServer
) -> None:
    ann, quin = await user("ann"), await user("quin")
    mails.refusals = {"RCPT": ["451 come back later"] * 2}
    mail_id = await noted(house, quin, album("Tried", ann, quin), ann)

    class Context:
        host = house.kernel
        attempt = sending.RETRIES

    late = "SELECT id::text FROM notifications_mail WHERE sent_at IS NULL AND failed_at IS NULL AND user_id = $1"
    await house.kernel.db.execute("DELETE FROM job_request WHERE job = $1", sending.SEND)
    for left in (mail_id, None):
        with pytest.raises(MailFailed):
            await sending.send_mail(Context(), mail_id=mail_id)  # type: ignore[arg-type]
        assert await house.kernel.db.fetchval(late, quin.id) == left
        Context.attempt += 1
    await caught_up(house)
    assert mails.mails == []
    await house.kernel.jobs.request(sending.SEND, mail_id=mail_id)
    await house.drain()
    assert mails.recipients == [quin.email]


async def test_what_was_to_be_sent_is_forgotten_after_some_days(
    user: MakeUser, house: RunningHost, album: MakeAlbum, mails: MailServer
) -> None:
    ann, otto = await user("ann"), await user("otto")
    await noted(house, otto, album("Old", ann, otto), ann)
    await house.drain()
    db = house.kernel.db
    await db.execute("INSERT INTO notifications_album_change (album_id, user_id) VALUES ($1, $2)", uuid4(), otto.id)
    left = "SELECT (SELECT count(*) FROM notifications_mail WHERE user_id = $1)"
    left += " + (SELECT count(*) FROM notifications_album_change WHERE user_id = $1)"
    for age, rows in ((2, 2), (4, 0)):
        ago = f"now() - interval '{age} days'"
        await db.execute(f"UPDATE notifications_mail SET created_at = {ago}")
        await db.execute(f"UPDATE notifications_album_change SET last_at = {ago}, first_at = {ago}")
        await house.kernel.jobs.request("notifications.notifications_cleanup")
        await house.drain()
        assert await db.fetchval(left, otto.id) == rows
    assert Smtp().enabled is False
