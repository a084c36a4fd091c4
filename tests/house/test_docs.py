"""Nothing is undocumented: pages made from the code are current, links lead somewhere, snippets are right."""

import ast
import inspect
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from docs import generate
from tests.house.sources import ROOT, committed, nothing

FENCE = re.compile(r"^( *)```(\S*)([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


@dataclass(frozen=True)
class Snippet:
    """A fenced block; `title` is what stands behind the language."""

    page: Path
    line: int
    language: str
    title: str
    text: str

    @property
    def where(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    return [path for path in committed() if path.suffix == ".md"]


def snippets() -> Iterator[Snippet]:
    for page in pages():
        text = page.read_text()
        for found in FENCE.finditer(text):
            line = text[: found.start()].count("\n") + 1
            yield Snippet(page, line, found[2], found[3].strip(), inspect.cleandoc("\n" + found[4]))


def outside(text: str) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", text)


@pytest.mark.parametrize("page", generate.PAGES, ids=lambda page: page.name)
def test_a_page_made_from_the_code_is_current(page: Path):
    assert page.read_text() == generate.PAGES[page](), "run .venv/bin/python docs/generate.py"


def test_every_hook_says_when_where_and_what_raising_does():
    nothing(
        f"{name}: {generate.parts(hook)}" for name, hook in generate.hooks().items() if not all(generate.parts(hook))
    )


def test_raising_is_what_the_last_part_speaks_of():
    hooks = generate.hooks().items()
    nothing(name for name, hook in hooks if not re.search(r"[Rr]ais|error|`Refused`", generate.parts(hook)[2]))


def test_every_hook_has_its_heading_and_signature():
    page = (ROOT / "docs" / "plugins" / "hooks.md").read_text()
    nothing(name for name in generate.hooks() if f"### `{name}`" not in page or f"def {name}(" not in page)
    assert len(generate.hooks()) > 30


def test_every_setting_says_what_it_means():
    rows = [
        (key, meaning, section)
        for sections in generate.owned_sections().values()
        for section in sections
        for key, _, meaning in generate.leaves(section, section.key)
    ]
    nothing(f"{section.__name__} has no docstring" for _, _, section in rows if not inspect.getdoc(section))
    assert len(rows) > 40


def test_every_command_and_option_has_help():
    for name, command in generate.commands().items():
        assert command.help, name
        nothing(f"{name} {one.name}" for one in command.params if not getattr(one, "help", None))


def test_links_lead_to_files():
    nothing(
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages()
        for target in LINK.findall(outside(page.read_text()))
        if "://" not in target and not (page.parent / target).exists()
    )


def test_addresses_of_the_api_in_the_docs_exist():
    from immich_host.app import openapi_document

    known = {re.sub(r"{[^}]*}", "{}", f"/api{path}") for path in openapi_document()["paths"]}
    known |= {"/api/docs", "/api/openapi.json", "/api/socket.io", "/api"}
    found = [
        (page, address.rstrip("/"))
        for page in pages()
        for address in re.findall(r"`(?:[A-Z]+ )?(/api[^`\s?*]*)", page.read_text())
    ]
    nothing(
        f"{page.relative_to(ROOT)}: {address}"
        for page, address in found
        if re.sub(r"[{<][^}>]*[}>]", "{}", address) not in known and "/plugins/" not in address
    )


def test_modules_and_files_named_in_the_docs_exist():
    names = [(page, name) for page in pages() for name in re.findall(r"`(immich_host/[\w/.]+)`", page.read_text())]
    nothing(f"{page.relative_to(ROOT)}: {name}" for page, name in names if not (ROOT / name).exists())


def fault(snippet: Snippet) -> str:
    """What is wrong with a snippet; empty when nothing is."""
    try:
        match snippet.language:
            case "python":
                ast.parse(snippet.text)
            case "json":
                json.loads(snippet.text)
            case "toml":
                tomllib.loads(snippet.text)
            case "sh" | "console" | "bash":
                return shell_fault(snippet)
            case _:
                return ""
    except (SyntaxError, ValueError) as error:
        return str(error)
    return ""


def shell_fault(snippet: Snippet) -> str:
    """Syntax by the shell, then whether the project's own commands and their options exist."""
    text = snippet.text
    if snippet.language == "console":
        text = "\n".join(line[2:] for line in text.splitlines() if line.startswith("$ "))
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr
    for line in text.splitlines():
        words = line.partition(" #")[0].split()
        own = next((at for at, word in enumerate(words) if Path(word).name == "immich-host"), None)
        if own is not None and (wrong := unknown_command(words[own:])):
            return wrong
    return ""


def unknown_command(words: list[str]) -> str:
    """A message when `immich-host ...` has no such command or option."""
    words = ["immich-host", *words[1:]]
    if words[2:3] == ["--data"]:  # an option of the group itself
        del words[2:4]
    known = generate.commands()
    groups = {known_name.split()[1] for known_name in known if len(known_name.split()) > 2}
    name = " ".join(words[: 3 if set(words[1:2]) & groups else 2])
    if name == "immich-host --version":
        return ""
    if name not in known:
        return f"no command {name}"
    options = {option for one in known[name].params for option in (*one.opts, *one.secondary_opts)} | {"--help"}
    wrong = [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]
    return f"{name} has no {' '.join(wrong)}" if wrong else ""


def test_snippets_are_right():
    faults = [(snippet, fault(snippet)) for snippet in snippets()]
    nothing(f"{snippet.where}: {message}" for snippet, message in faults if message)
