"""Writes the pages that are made from the code: `.venv/bin/python docs/generate.py`.

tests/house compares them with the code, so that none of them can lag behind.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import typer

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from immich_host.authoring import add_to  # noqa: E402
from immich_host.checking.sections import leaves  # noqa: E402
from immich_host.cli import app  # noqa: E402 - found by the line above when this file is run
from immich_host.hosting import Hosting  # noqa: E402
from immich_host.plugin_api import hookspecs  # noqa: E402
from immich_host.plugin_api.markers import Kind  # noqa: E402
from immich_host.plugin_api.settings import Section  # noqa: E402
from immich_host.plugin_commands import names_of  # noqa: E402
from immich_host.plugins.commands import plugin_commands  # noqa: E402
from immich_host.runtime.settings import PREFIX, RuntimeSettings  # noqa: E402
from immich_host.server.job_commands import job_commands  # noqa: E402
from immich_host.server.job_terminal import Terminal  # noqa: E402
from immich_host.settings.sections import HOST_SECTIONS  # noqa: E402
from immich_host.users.commands import admin_commands  # noqa: E402

NOTE = "\n<!-- Made by docs/generate.py; change the docstrings in the code, then run it. -->\n"

# --- hooks --------------------------------------------------------------------------------------

KINDS = {
    Kind.REGISTER: "Plain functions, called once a process at boot, also while the plugin is switched off. What they "
    "give is kept; an error marks that plugin broken and no other.",
    Kind.LIFECYCLE: "Coroutines, called for one plugin at a time.",
    Kind.GUARD: "Coroutines, asked in the order of the plugins; the first `Refused` wins and is what the client gets. "
    "Any other error is logged and passes, unless the implementation is marked `@hookimpl(fail_closed=True)` or the "
    "hook itself fails closed.",
    Kind.GATHER: "Coroutines, batched over ids; the answers of all plugins are merged. Two plugins that answer for one "
    "key of a mapping are a conflict: the first in order is taken, and the other's status says so.",
    Kind.FACT: "Coroutines, told after commit. Each listener is isolated from the others and has 30 seconds; slow work "
    "belongs into a job. Named in the past tense.",
}
PROCESS = re.compile(r"^(Every|API\b|The API|Workers?\b|The (command|process)|Command)")


def hooks() -> dict[str, Callable[..., Any]]:
    """Every hook specification of the host, in the order of the file."""
    return {name: function for name, function in vars(hookspecs).items() if getattr(function, "immich_host_kind", None)}


def parts(function: Callable[..., Any]) -> tuple[str, str, str]:
    """When, in which process, what raising does; what is not said is empty."""
    text = " ".join((inspect.getdoc(function) or "").split())
    sentences = re.split(r"(?<=[.])\s+(?=[A-Z`])", text)
    at = next((number for number, sentence in enumerate(sentences) if PROCESS.match(sentence)), None)
    if at is None:
        return text, "", ""
    return " ".join(sentences[:at]), sentences[at], " ".join(sentences[at + 1 :])


def signature(name: str, function: Callable[..., Any]) -> str:
    """The hook as a plugin would begin it."""
    code = inspect.signature(function)
    shown = [f"{each.name}: {annotation(each.annotation)}" for each in code.parameters.values()]
    start = "async def" if inspect.iscoroutinefunction(function) else "def"
    line = f"{start} {name}({', '.join(shown)}) -> {annotation(code.return_annotation)}: ..."
    if len(line) > 100:
        line = f"{start} {name}(\n    {',\n    '.join(shown)},\n) -> {annotation(code.return_annotation)}: ..."
    return line


def annotation(value: Any) -> str:
    """An annotation without the modules of its names."""
    text = value.__name__ if isinstance(value, type) and not hasattr(value, "__origin__") else str(value)
    return re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", text).replace("NoneType", "None")


def hooks_page() -> str:
    """docs/plugins/hooks.md."""
    lines = [
        "# Hooks", NOTE,
        "A plugin implements a hook by a function of that name in its `hooks.py`, marked `@hookimpl`. Arguments go by "
        "keyword: take only those that you need. The first word of a hook's name says who owns it. How to write a "
        "plugin is in the [guide](guide.md).", "",
    ]  # fmt: skip
    for kind in Kind:
        lines += [f"## {kind.value.capitalize()}", "", KINDS[kind], ""]
        for name, function in hooks().items():
            if function.immich_host_kind is kind:  # type: ignore[attr-defined]
                lines += hook_entry(name, function)
    return "\n".join(lines)


def hook_entry(name: str, function: Callable[..., Any]) -> list[str]:
    """One hook's part of the page."""
    when, where, raising = parts(function)
    return [
        f"### `{name}`", "", "```python", signature(name, function), "```", "",
        f"When: {when} <br>", f"Process: {where} <br>", f"Error: {raising}", "",
    ]  # fmt: skip


# --- settings -----------------------------------------------------------------------------------

BY_MACHINE = {"api_processes": "cores / 2", "work_processes": "cores", "work_memory": "memory * 3/4 / processes"}


def settings_page() -> str:
    """docs/settings.md."""
    lines = [
        "# Settings", NOTE,
        "There are two kinds: what the operator gives to the processes, and what an administrator changes while they "
        "run.", "",
        "## Of the processes", "",
        "Environment variables. The options `--host`, `--port` and `--data` of the commands go before them.", "",
        "| variable | default | meaning |", "|---|---|---|", *variables(), "",
        "## Of the system", "",
        "One document, as Immich's clients know it: `GET` and `PUT /api/system-config`. What differs from the "
        "defaults is stored in the database and holds in every process within a second. With "
        f"`{PREFIX}CONFIG_FILE` set it is read from that file, and clients cannot change it.", "",
        "Below are the sections of the host and of the plugins in this repository. All other parts of Immich's "
        "document are served with their defaults, and nothing reads them until a plugin takes them.", "",
    ]  # fmt: skip
    for owner, sections in owned_sections().items():
        lines += [f"### {'The host' if owner == 'host' else f'Plugin `{owner}`'}", ""]
        for section in sections:
            lines += section_entry(section)
    return "\n".join(lines)


def variables() -> Iterator[str]:
    """A row for every field of `RuntimeSettings`."""
    for name, field in RuntimeSettings.model_fields.items():
        default = BY_MACHINE.get(name) or ("" if field.default is None else f"`{field.default}`")
        yield f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |"


def owned_sections() -> dict[str, list[type[Section]]]:
    """Owner -> sections, the host's first."""
    return {"host": list(HOST_SECTIONS), **Hosting(first_party()).sections()}


def first_party() -> list[str]:
    """The plugins in this repository."""
    return sorted(path.name for path in (HERE.parent / "plugins").iterdir() if path.is_dir())


def section_entry(section: type[Section]) -> list[str]:
    """One section's part of the page."""
    rows = [f"| `{key}` | `{value}` | {meaning} |" for key, value, meaning in leaves(section, section.key)]
    return [inspect.getdoc(section) or "", "", "| key | default | meaning |", "|---|---|---|", *rows, ""]


# --- commands -----------------------------------------------------------------------------------


def commands() -> dict[str, click.Command]:
    """Every command by its full name, in the order of the help."""
    groups = [
        ("immich-host", app),
        ("immich-host admin", admin_commands(no_database)),
        ("immich-host jobs", job_commands(Terminal(no_database))),
        ("immich-host plugins", add_to(plugin_commands(no_database))),
        *plugin_groups(),
    ]
    starts = {start for start, _ in groups}
    found: dict[str, click.Command] = {}
    for start, group in groups:
        command = typer.main.get_command(group)
        for name, one in getattr(command, "commands", {command.name: command}).items():
            if f"{start} {name}" not in starts:
                found[f"{start} {name}"] = one
    return found


def plugin_groups() -> Iterator[tuple[str, typer.Typer]]:
    """What stands before them, and commands: those of this repository's plugins."""
    for record in Hosting(first_party()).order:
        top = set(record.manifest.commands) if record.manifest else set()
        for commands in record.brings.commands:
            start = "immich-host" if names_of(commands) <= top else f"immich-host {record.name}"
            yield f"{start} {commands.info.name}" if isinstance(commands.info.name, str) else start, commands


def no_database() -> Any:
    """The commands are described, not run."""
    raise RuntimeError


def commands_page() -> str:
    """docs/commands.md."""
    lines = [
        "# Commands", NOTE,
        "In a checkout the program is `.venv/bin/immich-host` once `./run` or `./test` has made the environment; "
        "`./run` itself is `immich-host serve`. Every command has `--help`; `immich-host --version` prints the "
        "version. Commands that plugins bring are below the plugin's name, `immich-host NAME --help`; some stand "
        "beside the host's own too.", "",
    ]  # fmt: skip
    for name, command in commands().items():
        lines += command_entry(name, command)
    return "\n".join(lines)


def command_entry(name: str, command: click.Command) -> list[str]:
    """One command's part of the page."""
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join(
        [name, *([] if not options else ["[OPTIONS]"]), *[one.name.upper() for one in arguments if one.name]]
    )
    lines = [f"## `{name}`", "", inspect.cleandoc(command.help or ""), "", f"    {usage}", ""]
    rows = [f"| `{(one.name or '').upper()}` | {getattr(one, 'help', '') or ''} |" for one in arguments]
    rows += [
        f"| `{', '.join([*one.opts, *one.secondary_opts])}` | {getattr(one, 'help', '') or ''} |" for one in options
    ]
    return [*lines, "| | |", "|---|---|", *rows, ""] if rows else lines


PAGES: dict[Path, Callable[[], str]] = {
    HERE / "plugins" / "hooks.md": hooks_page,
    HERE / "settings.md": settings_page,
    HERE / "commands.md": commands_page,
}


def main() -> None:
    """Write every page."""
    for path, make in PAGES.items():
        path.write_text(make())


if __name__ == "__main__":
    main()
