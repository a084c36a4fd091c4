"""The template language, and what it refuses."""

import contextlib
import random

import pytest

from immich_storage_template.language import BadTemplate, parse

VALUES = {"y": "2024", "album": "Alps", "none": "", "album-startDate-y": "2023"}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", ""),
        ("a/b", "a/b"),
        ("{{y}}", "2024"),
        ("{{ y }}/{{{y}}}", "2024/2024"),
        ("{{album-startDate-y}}", "2023"),
        ("{{#if album}}{{album}}{{else}}other{{/if}}", "Alps"),
        ("{{#if none}}{{none}}{{else}}other{{/if}}", "other"),
        ("{{#if none}}x{{/if}}y", "y"),
        ("{{# if album}}x{{/if}}".replace("# if", "#if"), "x"),
        ("{{#if album}}{{#if none}}a{{else}}b{{/if}}c{{else}}d{{/if}}e", "bce"),
        ("{{#if none}}{{else}}{{#if y}}{{y}}{{/if}}{{/if}}", "2024"),
        ("a } b { c", "a } b { c"),
        ("ä&<>'\"{{y}}", "ä&<>'\"2024"),
    ],
)
def test_what_it_makes(source: str, text: str) -> None:
    assert parse(source).render(VALUES) == text


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{y}", "stray {{ at character 1"),
        ("ab{{", "stray {{ at character 3"),
        ("a}}", "stray }} at character 2"),
        ("{{y}}}", None),
        ("{{{y}}", "stray {{"),
        ("{{}}", "neither a variable"),
        ("{{ }}", "neither a variable"),
        ("{{y z}}", "{{y z}} at character 1 is neither"),
        ("{{#each album}}{{/each}}", "{{#each album}} at character 1"),
        ("{{#unless album}}{{/unless}}", "is neither"),
        ("{{> partial}}", "is neither"),
        ("{{! comment}}", "is neither"),
        ("{{~y}}", "is neither"),
        ("{{../y}}", "is neither"),
        ("{{#if}}{{/if}}", "is neither"),
        ("{{#if a b}}{{/if}}", "is neither"),
        ("{{else if y}}", "is neither"),
        ("a{{else}}", "{{else}} without {{#if}} at character 2"),
        ("{{/if}}", "{{/if}} without"),
        ("{{#if y}}a{{/if}}{{/if}}", "{{/if}} without {{#if}} at character 18"),
        ("x{{#if y}}a", "{{#if y}} at character 2 has no {{/if}}"),
        ("{{#if y}}a{{else}}b", "has no {{/if}}"),
        ("{{#if y}}a{{else}}b{{else}}c{{/if}}", "a second {{else}} at character 20"),
        ("{{#if y}}" * 21 + "{{/if}}" * 21, "too many conditions"),
    ],
)
def test_what_it_refuses(source: str, message: str | None) -> None:
    if message is None:
        assert parse(source).render(VALUES) == "2024}"
        return
    with pytest.raises(BadTemplate) as refused:
        parse(source)
    assert message in str(refused.value)


def test_unknown_variables_are_found_wherever_they_stand() -> None:
    for source in ("{{x}}", "{{#if x}}{{/if}}", "{{#if y}}{{else}}{{x}}{{/if}}", "{{#if y}}{{x}}{{/if}}"):
        with pytest.raises(BadTemplate, match=r"unknown variable \{\{x\}\} at character"):
            parse(source).check(frozenset(VALUES))
    with pytest.raises(BadTemplate, match="unknown variable"):
        parse("{{x}}").render(VALUES)
    parse("{{y}}{{#if album}}{{none}}{{/if}}").check(frozenset(VALUES))


def test_any_text_is_read_or_refused() -> None:
    chance = random.Random(1)
    pieces = [
        "{{",
        "}}",
        "{",
        "}",
        "#if ",
        "/if",
        "else",
        "y",
        " ",
        "/",
        "{{y}}",
        "{{#if y}}",
        "{{else}}",
        "{{/if}}",
        "ö",
    ]
    read = 0
    for _ in range(20_000):
        source = "".join(chance.choices(pieces, k=chance.randint(0, 8)))
        with contextlib.suppress(BadTemplate):
            parse(source).render(VALUES)
            read += 1
    assert 1000 < read < 19_000
