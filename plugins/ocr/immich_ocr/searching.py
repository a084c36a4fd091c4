"""Text as it is searched, and what is looked for in it: words without case, accents and width of letters."""

import re
import string
import unicodedata
from dataclasses import dataclass

_INSIDE = 3
"""Shorter words are looked for at the beginning of words only."""

_ALIKE = 5
"""Longer words are found where a few letters were misread as well."""

MOST_TERMS = 32
"""No more words are looked for."""

_AROUND = string.punctuation + "„“”‚«»‹›「」『』（）、。，…"  # noqa: RUF001 - these they are

_UNSPACED = re.compile(
    "[\N{THAI CHARACTER KO KAI}-\N{LAO LETTER KHMU NYO}"
    "\N{MYANMAR LETTER KA}-\N{MYANMAR SYMBOL SHAN EXCLAMATION}"
    "\N{KHMER LETTER KA}-\N{KHMER SYMBOL LEK ATTAK SON}"
    "\N{IDEOGRAPHIC ITERATION MARK}-\N{HANGUL SYLLABLE HIH}"
    "\N{CJK COMPATIBILITY IDEOGRAPH-F900}-\N{CJK COMPATIBILITY IDEOGRAPH-FAD9}"
    "\N{CJK UNIFIED IDEOGRAPH-20000}-\N{CJK UNIFIED IDEOGRAPH-3134A}]"
)
"""Letters of languages that put no spaces between words, and of Korean."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that has to be in a text.

    Args:
        pattern: For LIKE.
        word: The word itself.
        alike: Whether a word that is like it will do.
        other_letters: Whether it has letters that PostgreSQL's trigrams may not know.
    """

    pattern: str
    word: str
    alike: bool = False
    other_letters: bool = False


def search_text(lines: list[str]) -> str:
    """What is kept of lines for the search: words between single spaces; empty where there is nothing."""
    words = _words("\n".join(lines))
    return f" {' '.join(words)} " if words else ""


def terms_of(query: str) -> list[Term]:
    """What has to be in a text that is looked for: every word, in any order."""
    words = dict.fromkeys(word.strip(_AROUND) or word for word in _words(query))
    return [_term(word) for word in words][:MOST_TERMS]


def _words(text: str) -> list[str]:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).replace("\0", "").split()


def _term(word: str) -> Term:
    escaped = re.sub(r"([\\%_])", r"\\\1", word)
    is_short = len(word) < _INSIDE and word.isalnum() and not _UNSPACED.search(word)
    letters = (letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))
    return Term(
        pattern=f"% {escaped}%" if is_short else f"%{escaped}%",
        word=word,
        alike=len(word) >= _ALIKE and word.isalpha(),
        other_letters=not all(letter.isascii() for letter in letters),
    )
