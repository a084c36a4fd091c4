"""The rules for plugins see what they are there for: each is broken by a plugin made for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from immich_host.checking import NoPlugin, check
from immich_host.checking.loading import cheap_import, heavy
from immich_host.checking.package import in_folder
from immich_host.checking.readme import first_cells
from immich_host.checking.source import imports, names

PROJECT = """
[project]
name = "immich-host-odd"
version = "1"
dependencies = ["immich-host"]
[project.entry-points."immich_host.plugins"]
odd = "immich_odd"
"""
MANIFEST = 'from immich_host.plugin_api import Plugin\nPLUGIN = Plugin("odd")\n'
HOOK = "from immich_host.plugin_api import {names}, hookimpl\n{before}\n@hookimpl\ndef {hook}():\n    return {value}\n"
MIGRATION = """
from immich_host.plugin_api.migrations import sql_migration
ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "{id}", app="odd", forwards="CREATE TABLE {table} (id int)", backwards="DROP TABLE {table}")
"""

type Make = Callable[..., Path]


@pytest.fixture
def odd(tmp_path: Path) -> Make:
    """A plugin that breaks no rule, but for the files that are given: `odd(hooks="import dramatiq")`."""

    def make(project: str = PROJECT, readme: str = "", **files: str) -> Path:
        package = tmp_path / "immich_odd"
        (package / "migrations").mkdir(parents=True)
        (tmp_path / "pyproject.toml").write_text(project)
        (tmp_path / "README.md").write_text(readme)
        for name, text in {"__init__": MANIFEST, "hooks": '"""None."""\n', **files}.items():
            (package / f"{name.replace('__in__', '/')}.py").write_text(text)
        return tmp_path

    return make


def found(folder: Path) -> str:
    return "\n".join(map(str, check(folder)))


def hook(name: str, value: str, taken: str = "Job", before: str = "") -> str:
    return HOOK.format(names=taken, before=before, hook=name, value=value)


def job(**given: str) -> str:
    rest = "".join(f", {key}={value!r}" for key, value in given.items())
    return hook("register_jobs", f'[Job("work", work{rest})]', before="async def work(ctx): ...")


def test_a_plugin_that_does_nothing_breaks_none(odd: Make):
    assert found(odd()) == ""


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("hooks", "def late():\n    import dramatiq\n", "hooks.py:2 imports dramatiq"),
        ("hooks", "from immich_host.kernel import HostKernel\n", "imports immich_host.kernel.HostKernel"),
        ("migrations__in__other_0001_a", MIGRATION.format(id="other_0001_a", table="odd_a"), "not begin with odd_"),
        ("migrations__in__odd_0001_a", MIGRATION.format(id="odd_0001_b", table="odd_a"), "an id that is not its name"),
        ("migrations__in__odd_0001_a", MIGRATION.format(id="odd_0001_a", table="things"), "table things neither"),
    ],
)
def test_each_rule_for_the_source_is_seen_to_be_broken(odd: Make, file: str, text: str, said: str):
    (package,) = in_folder(odd(**{file: text}))
    assert said in "\n".join(map(str, [*imports(package), *names(package)]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import numpy\n", "importing it loads numpy, which is heavy"),
        ("import immich_host.db\n", "importing it loads immich_host.db"),
        ("import time\nend = time.process_time() + 0.7\nwhile time.process_time() < end: ...\n", "s of CPU"),
    ],
)
def test_what_importing_costs_is_seen(odd: Make, text: str, said: str):
    (package,) = in_folder(odd(hooks=text))
    assert said in "\n".join(map(str, cheap_import(package)))


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("hooks", "raise RuntimeError('no')\n", "load: RuntimeError: no"),
        ("hooks", "def broken(:\n", "load: "),
        ("__init__", MANIFEST.replace('"odd"', '"even"'), "calls itself 'even'"),
        ("hooks", job(queue="work"), "the queue work is neither Immich's nor odd"),
    ],
)
def test_each_rule_for_what_is_loaded_is_seen_to_be_broken(odd: Make, file: str, text: str, said: str):
    assert said in found(odd(**{file: text}))


def test_routes_lie_below_the_plugins_name(odd: Make):
    before = 'ROUTES = Routes("Odd")\n@ROUTES.get("/plugins/even/x", public=True)\nasync def x() -> None: ...'
    text = hook("register_blueprints", "[ROUTES]", "Routes", before)
    assert "GET /plugins/even/x is not below /plugins/odd/" in found(odd(hooks=text))


def test_settings_have_the_plugins_key_and_defaults(odd: Make):
    before = 'class Some(Section):\n    key = "else"\n    size: int'
    assert "settings: " in found(odd(hooks=hook("register_settings", "[Some]", "Section", before)))


def test_a_readme_lists_what_is_there(odd: Make):
    readme = "## Jobs\n\n| job | when |\n|---|---|\n| `odd.rest` | never |\n"
    text = found(odd(hooks=job(queue="odd"), readme=readme))
    assert "README.md does not list the job odd.work" in text
    assert "README.md lists the job odd.rest, which is not there" in text


def test_a_folder_without_a_plugin_says_what_is_missing(odd: Make, tmp_path: Path):
    with pytest.raises(NoPlugin, match="entry-points"):
        check(odd(project='[project]\nname = "x"\n'))
    with pytest.raises(NoPlugin, match=r"no pyproject.toml"):
        check(tmp_path / "immich_odd")


def test_what_the_host_needs_itself_is_not_heavy():
    assert heavy(["pydantic.main", "rich.console", "json"]) == []
    assert heavy(["numpy.linalg"]) == ["numpy"]


def test_tables_are_told_apart_by_their_first_heading():
    text = "| job | x |\n|---|---|\n| `a.b` | |\n\n| key | x |\n|---|---|\n| `c` | |\n"
    assert list(first_cells(text, "job")) == ["`a.b`"]
    assert list(first_cells(text, "key")) == ["`c`"]
