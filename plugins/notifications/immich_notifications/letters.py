"""The texts of mails: our own, or an administrator's with `{variables}`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from html.parser import HTMLParser
from pathlib import Path

COVER = "album-cover"
"""Content id of the picture in a mail about an album."""

_FOLDER = Path(__file__).parent / "letters"
_VARIABLE = re.compile(r"\{(\w+)\}")
_BREAKS = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4"})

type Variables = Mapping[str, str]
"""Immich's names -> values."""


class Kind(StrEnum):
    """What a mail is about; Immich's names of templates."""

    TEST = "test-email"
    WELCOME = "welcome"
    ALBUM_INVITE = "album-invite"
    ALBUM_UPDATE = "album-update"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is written, as HTML and as plain text."""

    subject: str
    html: str
    plain: str


@dataclass(frozen=True, slots=True)
class _Text:
    subject: str
    lines: tuple[str, ...]
    path: str
    link_text: str


_TEXTS: Mapping[Kind, Callable[[Variables], _Text]] = {
    Kind.TEST: lambda v: _Text(
        "Test of sending mail",
        (f"Hello {v['displayName']},", "your photo server can send mail: this is one."),
        "",
        "Open your photos",
    ),
    Kind.WELCOME: lambda v: _Text(
        "Your new account",
        (
            f"Hello {v['displayName']},",
            f"there is an account for you now. Sign in as {v['username']}.",
            "Whoever made the account tells you the password.",
        ),
        "/auth/login",
        "Sign in",
    ),
    Kind.ALBUM_INVITE: lambda v: _Text(
        f"You were added to the album {v['albumName']}",
        (f"Hello {v['recipientName']},", f"{v['senderName']} shares the album {v['albumName']} with you."),
        f"/albums/{v['albumId']}",
        "Open the album",
    ),
    Kind.ALBUM_UPDATE: lambda v: _Text(
        f"New in the album {v['albumName']}",
        (f"Hello {v['recipientName']},", f"there are new photos or videos in the album {v['albumName']}."),
        f"/albums/{v['albumId']}",
        "Open the album",
    ),
}

EXAMPLES: Mapping[Kind, Variables] = {
    Kind.TEST: {"displayName": "Ada"},
    Kind.WELCOME: {"displayName": "Ada", "username": "ada@example.com"},
    Kind.ALBUM_INVITE: {"albumName": "Summer", "albumId": "1", "recipientName": "Ada", "senderName": "Ben"},
    Kind.ALBUM_UPDATE: {"albumName": "Summer", "albumId": "1", "recipientName": "Ada"},
}
"""For showing a text that nobody is sent."""


def written(kind: Kind, variables: Variables, *, own: str = "", base_url: str = "", has_cover: bool = False) -> Letter:
    """Write a mail.

    Args:
        kind: What it is about.
        variables: What is known, by Immich's names.
        own: An administrator's text as HTML, with `{variables}`; values are escaped, unknown names stay.
        base_url: Address that links begin with; without it there are none.
        has_cover: Whether there is a picture with the content id `COVER`.
    """
    from jinja2 import Environment, FileSystemLoader, select_autoescape

    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=select_autoescape(["html"]))
    text = _TEXTS[kind](variables)
    filled = _filled(own, {**variables, "baseUrl": base_url})
    context = {
        "subject": text.subject,
        "lines": text.lines,
        "own": filled,
        "own_text": _plain(filled),
        "link": f"{base_url}{text.path}" if base_url else "",
        "link_text": text.link_text,
        "has_cover": has_cover,
        "cover_id": COVER,
        "cover_alt": variables.get("albumName", ""),
    }
    return Letter(
        subject=" ".join(text.subject.split()),
        html=environment.get_template("letter.html").render(context),
        plain=environment.get_template("letter.txt").render(context),
    )


def _filled(own: str, variables: Variables) -> str:
    return _VARIABLE.sub(lambda found: escape(variables.get(found[1], found[0])), own)


class _Words(HTMLParser):
    """Collects the text of HTML, and where its lines end."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Blocks begin on a line of their own; a link's address is kept."""
        if tag in _BREAKS:
            self.parts.append("\n")
        self.parts += [f"{value} " for name, value in attrs if tag == "a" and name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        """Blocks end with their line."""
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        """Text."""
        self.parts.append(data)


def _plain(html: str) -> str:
    words = _Words()
    words.feed(html)
    words.close()
    lines = (" ".join(line.split()) for line in "".join(words.parts).splitlines())
    return "\n".join(line for line in lines if line)
