"""The mail server: whether it can be used is looked at when it is set, and can be tried before."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from immich_host.plugin_api import Refused
from immich_host.testing import RunningHost
from immich_host.testing.host import expect
from immich_notifications import checking, smtp
from immich_notifications.letters import Letter
from immich_notifications.settings import EmailTemplates, Smtp, Transport
from immich_notifications.smtp import MailFailed, Recipient
from plugins.notifications.tests.mailing import PASSWORD, USER, mail_server

type MakeUser = Callable[[str], Awaitable[Any]]

ID = UUID("0c0b4ac3-3fc9-4f87-9f4b-111111111111")
LETTER = Letter("Subject", "<p>Ü</p>", "Ü")
ANN = Recipient("Ann", "ann@host.test")
SIGNED_IN = {"username": USER, "password": PASSWORD}


def body(settings: Smtp) -> dict[str, Any]:
    return settings.model_dump(mode="json", by_alias=True)


async def test_any_encryption() -> None:
    for tls, transport, is_encrypted in (
        ("", {}, False),
        ("start", {"ignore_cert": True}, True),
        ("always", {"secure": True, "ignore_cert": True}, True),
    ):
        async with mail_server(tls=tls) as server:
            message_id = await smtp.send(server.settings(**transport), ANN, LETTER, ID)
            assert message_id == server.mails[0]["Message-ID"] == f"<{ID}@host.test>"
            assert server.encrypted == [is_encrypted]


async def test_a_certificate_of_nobody_is_not_good_enough() -> None:
    for tls, secure in (("start", False), ("always", True)):
        async with mail_server(tls=tls) as server:
            with pytest.raises(MailFailed, match=r"(?i)certificate"):
                await smtp.send(server.settings(secure=secure), ANN, LETTER, ID)
            with pytest.raises(MailFailed, match=r"(?i)certificate"):
                await smtp.verify(server.settings(secure=secure))
            assert server.mails == []


async def test_signing_in() -> None:
    async with mail_server(tls="start", auth=True) as server:
        await smtp.send(server.settings(ignore_cert=True, **SIGNED_IN), ANN, LETTER, ID)
        assert server.signed_in == [True]
        for wrong, reason in (({}, "530"), (SIGNED_IN | {"password": "wrong"}, "535")):
            with pytest.raises(MailFailed, match=reason) as failed:
                await smtp.send(server.settings(ignore_cert=True, **wrong), ANN, LETTER, ID)
            assert "wrong" not in str(failed.value)
    async with mail_server() as server:  # it wants nobody to sign in
        with pytest.raises(MailFailed):
            await smtp.send(server.settings(**SIGNED_IN), ANN, LETTER, ID)


async def test_servers_that_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "STEP_SECONDS", 0.5)
    async with mail_server() as server, mail_server(tls="always") as other:
        gone = server.settings(port=1)
        silent = other.settings(secure=False)  # waits for TLS to begin, and says nothing
        plain = server.settings(secure=True)
        odd = [server.settings(host=host) for host in ("a\nb", "a\0b", "x" * 70, "ü..x", " ")]
        for settings in (gone, silent, plain, *odd, Smtp(enabled=True, from_="a@b", transport=Transport())):
            with pytest.raises(MailFailed) as failed:
                await smtp.verify(settings)
            assert str(failed.value)


async def test_addresses_that_are_none() -> None:
    async with mail_server() as server:
        good = server.settings()
        for fields in (
            {"from_": ""},
            {"from_": "Photos"},
            {"from_": "Photos <photos@host.test>\nBcc: eve@host.test"},
            {"reply_to": "nobody"},
            {"from_": "a@b@c <>"},
        ):
            with pytest.raises(MailFailed, match="address") as failed:
                await smtp.send(good.model_copy(update=fields), ANN, LETTER, ID)
            assert failed.value.is_final
        assert server.connections == 0
        settings = good.model_copy(update={"from_": "Fötos & Co <fotos@host.test>", "reply_to": "team@host.test"})
        name = 'Ann\r\nBcc: eve@host.test "x"'
        await smtp.send(settings, Recipient(name, "ann@host.test"), LETTER, ID)
        (mail,) = server.mails
        assert (mail["From"].addresses[0].display_name, mail["Reply-To"]) == ("Fötos & Co", "team@host.test")
        assert mail["Bcc"] is None
        assert server.recipients == ["ann@host.test"]


async def test_mail_is_switched_on_only_if_it_works(house: RunningHost) -> None:
    admin = await house.client()
    before = expect(await admin.get("/api/system-config"), 200)
    assert before["notifications"] == {"smtp": body(Smtp())}
    async with mail_server(auth=True) as server:
        for settings, reason in (
            (server.settings(), "530"),
            (server.settings(username=USER, password="wrong"), "535"),
            (server.settings(port=1), ""),
            (server.settings().model_copy(update={"from_": "nobody"}), "nobody is no e-mail address"),
        ):
            wanted = before | {"notifications": {"smtp": body(settings)}}
            answer = expect(await admin.put("/api/system-config", json=wanted), 400)
            assert answer["message"].startswith("Failed to verify SMTP configuration: ")
            assert reason in answer["message"]
            assert expect(await admin.get("/api/system-config"), 200) == before
        good = before | {"notifications": {"smtp": body(server.settings(**SIGNED_IN))}}
        assert expect(await admin.put("/api/system-config", json=good), 200) == good
        assert expect(await admin.get("/api/server/features"), 200)["email"] is True
        seen = server.connections
        texts = good | {"templates": {"email": body_of(EmailTemplates(welcome_template="Hi"))}}
        assert expect(await admin.put("/api/system-config", json=texts), 200) == texts
        assert server.connections == seen, "what has not changed is not looked at again"
    off = good | {"notifications": {"smtp": good["notifications"]["smtp"] | {"enabled": False}}}
    assert expect(await admin.put("/api/system-config", json=off), 200) == off
    assert expect(await admin.get("/api/server/features"), 200)["email"] is False
    expect(await admin.put("/api/system-config", json=before), 200)


def body_of(settings: EmailTemplates) -> dict[str, Any]:
    return settings.model_dump(mode="json", by_alias=True)


async def test_settings_have_the_same_shape_on_and_off(house: RunningHost) -> None:
    admin = await house.client()
    shapes = []
    for switch in (house.turn_off, house.turn_on):
        await switch("notifications")
        for path in ("system-config", "system-config/defaults", "admin/config"):
            whole = expect(await admin.get(f"/api/{path}"), 200)
            shapes.append((whole["notifications"], whole["templates"]))
    assert all(shape == shapes[0] for shape in shapes)
    assert set(shapes[0][1]["email"]) == {"albumInviteTemplate", "albumUpdateTemplate", "welcomeTemplate"}


async def test_a_mail_to_try_it(user: MakeUser, house: RunningHost) -> None:
    admin = await user("admin")
    path = "/api/admin/notifications/test-email"
    async with mail_server() as server:
        settings = body(server.settings().model_copy(update={"enabled": False}))
        answer = expect(await admin.client.post(path, json=settings), 200)
        (mail,) = server.mails
        assert answer == {"messageId": mail["Message-ID"]}
        assert server.recipients == [admin.email]
        assert expect(await admin.client.get("/api/system-config"), 200)["notifications"] == {"smtp": body(Smtp())}
        server.refusals = {"DATA": ["554 this looks like spam"]}
        answer = expect(await admin.client.post(path, json=settings), 400)
        assert answer["message"] == "Failed to send the test e-mail: 554 this looks like spam"
        gone = settings | {"transport": settings["transport"] | {"port": 1}}
        answer = expect(await admin.client.post(path, json=gone), 400)
        assert answer["message"].startswith("Failed to verify SMTP configuration: ")
        wrong = settings | {"transport": settings["transport"] | {"port": 70_000}}
        answer = expect(await admin.client.post(path, json=wrong), 400)
        assert answer["errors"][0]["path"] == ["transport", "port"]


async def test_texts_are_shown_with_made_up_names(house: RunningHost) -> None:
    admin = await house.client()
    path = "/api/admin/notifications/templates"
    for name in ("welcome", "album-invite", "album-update", "test-email"):
        shown = expect(await admin.post(f"{path}/{name}", json={"template": ""}), 200)
        assert shown["name"] == name
        assert "Ada" in shown["html"]
    own = expect(await admin.post(f"{path}/album-invite", json={"template": "<i>{senderName}</i>: {albumName}"}), 200)
    assert "<i>Ben</i>: Summer" in own["html"]
    await house.configure(EmailTemplates(welcome_template="Stored for {displayName}"))
    assert "Stored for Ada" in expect(await admin.post(f"{path}/welcome", json={"template": ""}), 200)["html"]
    await house.configure(EmailTemplates())
    answer = expect(await admin.post(f"{path}/farewell", json={"template": ""}), 400)
    assert "album-invite" in answer["message"]


async def test_a_server_that_is_slow_does_not_take_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "STEP_SECONDS", 0.3)
    async with mail_server() as server:
        server.after_data = asyncio.Event()
        with pytest.raises(MailFailed):
            await smtp.send(server.settings(), ANN, LETTER, ID)
        server.after_data.set()


async def test_a_check_ends_before_the_host_gives_it_up(house: RunningHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "CHECK_SECONDS", 0.2)
    async with mail_server(tls="always") as server:
        with pytest.raises(Refused, match=r"takes more than 0.2 seconds") as refused:
            await house.configure(server.settings())
        assert refused.value.status == 400


async def test_a_mail_is_sent_also_where_the_server_hangs_up_at_the_end() -> None:
    async with mail_server() as server:
        server.is_rude = True
        await smtp.send(server.settings(), ANN, LETTER, ID)
        await smtp.verify(server.settings())
        assert len(server.mails) == 1


async def test_addresses_beyond_ascii() -> None:
    async with mail_server() as server:
        settings = server.settings().model_copy(update={"from_": "Fotos <fotos@bücher.test>"})
        await smtp.verify(settings)
        await smtp.send(settings, ANN, LETTER, ID)
        assert server.mails[0]["From"] == "Fotos <fotos@bücher.test>"
