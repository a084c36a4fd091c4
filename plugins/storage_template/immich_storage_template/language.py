"""The template language: text, `{{name}}`, and `{{#if name}}...{{else}}...{{/if}}`.

The part of Handlebars, strict, that Immich's templates are made of. Its own, as no implementation in
Python is kept up, and a full one would let templates do more than name a file.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_TAG = re.compile(r"(?<!\{)\{\{(?P<triple>\{)?(?P<content>[^{}]*)\}\}(?(triple)\})")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
DEEPEST = 20
"""How far conditions may lie inside each other."""


class BadTemplate(ValueError):
    """A template that cannot be used; the message says what is wrong, and where."""


@dataclass(frozen=True, slots=True)
class _Text:
    text: str


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class _Condition:
    name: str
    at: int
    then: "tuple[_Node, ...]"
    otherwise: "tuple[_Node, ...]"


type _Node = _Text | _Variable | _Condition


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read; `parse` makes it."""

    nodes: tuple[_Node, ...]

    def render(self, values: Mapping[str, str]) -> str:
        """The text; a condition holds where its value is not empty.

        Raises:
            BadTemplate: A variable has no value.
        """
        return "".join(_rendered(self.nodes, values))

    def names(self) -> frozenset[str]:
        """The variables that it asks for."""
        return frozenset(name for name, _ in _named(self.nodes))

    def check(self, known: frozenset[str]) -> None:
        """Let pass only known variables.

        Raises:
            BadTemplate: Names the first unknown one.
        """
        for name, at in _named(self.nodes):
            if name not in known:
                raise BadTemplate(f"unknown variable {{{{{name}}}}} at character {at}")


def parse(source: str) -> Template:
    """Read a template.

    Raises:
        BadTemplate: It is not one.
    """
    reader = _Reader(source)
    nodes = reader.block(0)
    if reader.tag is not None:
        raise BadTemplate(f"{reader.tag.shown} without {{{{#if}}}} at character {reader.tag.at}")
    return Template(nodes)


@dataclass(frozen=True, slots=True)
class _Tag:
    word: str
    name: str
    at: int

    @property
    def shown(self) -> str:
        return f"{{{{{self.word}}}}}"


class _Reader:
    """Reads blocks from left to right; `tag` is the `else` or `/if` that ended the last one, None at the end."""

    def __init__(self, source: str) -> None:
        self.tag: _Tag | None = None
        self._pieces = _pieces(source)

    def block(self, depth: int) -> tuple[_Node, ...]:
        nodes: list[_Node] = []
        for piece in self._pieces:
            if isinstance(piece, _Tag) and piece.word in {"else", "/if"}:
                self.tag = piece
                return tuple(nodes)
            if isinstance(piece, _Tag):
                nodes.append(self._condition(piece, depth + 1))
            else:
                nodes.append(piece)
        self.tag = None
        return tuple(nodes)

    def _condition(self, opened: _Tag, depth: int) -> _Condition:
        if depth > DEEPEST:
            raise BadTemplate(f"too many conditions inside each other at character {opened.at}")
        then = self.block(depth)
        otherwise: tuple[_Node, ...] = ()
        if self.tag is not None and self.tag.word == "else":
            otherwise = self.block(depth)
            if self.tag is not None and self.tag.word == "else":
                raise BadTemplate(f"a second {{{{else}}}} at character {self.tag.at}")
        if self.tag is None:
            raise BadTemplate(f"{{{{#if {opened.name}}}}} at character {opened.at} has no {{{{/if}}}}")
        return _Condition(opened.name, opened.at, then, otherwise)


def _pieces(source: str) -> Iterator[_Text | _Variable | _Tag]:
    end = 0
    for found in _TAG.finditer(source):
        yield from _text(source, end, found.start())
        yield _piece(found["content"].strip(), found.start() + 1)
        end = found.end()
    yield from _text(source, end, len(source))


def _text(source: str, start: int, end: int) -> Iterator[_Text]:
    text = source[start:end]
    for brace in ("{{", "}}"):
        if brace in text:
            raise BadTemplate(f"stray {brace} at character {start + text.index(brace) + 1}")
    if text:
        yield _Text(text)


def _piece(content: str, at: int) -> _Variable | _Tag:
    words = content.split()
    if words in (["else"], ["/if"]):
        return _Tag(words[0], "", at)
    if words[:1] == ["#if"] and len(words) == 2 and _NAME.fullmatch(words[1]):
        return _Tag("#if", words[1], at)
    if _NAME.fullmatch(content):
        return _Variable(content, at)
    raise BadTemplate(f"{{{{{content}}}}} at character {at} is neither a variable nor #if NAME, else or /if")


def _named(nodes: tuple[_Node, ...]) -> Iterator[tuple[str, int]]:
    for node in nodes:
        if isinstance(node, _Text):
            continue
        yield node.name, node.at
        if isinstance(node, _Condition):
            yield from _named(node.then)
            yield from _named(node.otherwise)


def _rendered(nodes: tuple[_Node, ...], values: Mapping[str, str]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, _Text):
            yield node.text
            continue
        if node.name not in values:
            raise BadTemplate(f"unknown variable {{{{{node.name}}}}} at character {node.at}")
        if isinstance(node, _Variable):
            yield values[node.name]
        else:
            yield from _rendered(node.then if values[node.name] else node.otherwise, values)
