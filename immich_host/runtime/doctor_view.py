"""The doctor's report for people and for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from immich_host.runtime.doctor import Finding

MARKS = {"ok": ("ok", "green"), "missing": ("needed", "bold red"), "reduced": ("reduced", "yellow")}


def as_lines(findings: Sequence[Finding]) -> str:
    """A JSON array of objects with name, state, version, detail and advice."""
    return json.dumps([asdict(finding) for finding in findings], indent=2)


def show(findings: Sequence[Finding], console: Console | None = None) -> None:
    """A table, then what to do."""
    console = console or Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    for column in ("", "what", "version", "where"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        word, style = MARKS[finding.state]
        table.add_row(Text(word, style=style), finding.name, finding.version, finding.detail)
    console.print(table)
    for finding in findings:
        if finding.state != "ok":
            console.print(Text(f"{finding.name}: {finding.advice}", style=MARKS[finding.state][1]))
    if all(finding.state == "ok" for finding in findings):
        console.print("Everything is there.")
