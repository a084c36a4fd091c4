import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from immich_host.hosting.discovery import GROUP, BadManifest, discover, from_module, load
from immich_host.plugin_api import API_VERSION, Plugin, hookimpl
from tests.hosting.making import hosting, on, plugin, statuses


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a package on the path; gives its entry point."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(name: str, hooks: str = "", manifest: str | None = None) -> EntryPoint:
        folder = tmp_path / f"immich_{name}"
        folder.mkdir()
        manifest = manifest or f"from immich_host.plugin_api import Plugin\nPLUGIN = Plugin({name!r})\n"
        (folder / "__init__.py").write_text(manifest)
        (folder / "hooks.py").write_text(hooks)
        return EntryPoint(name, f"immich_{name}", GROUP)

    yield make
    for name in [name for name in sys.modules if name.startswith("immich_loading_")]:
        del sys.modules[name]


def test_a_package_is_loaded_by_its_entry_point(install):
    record = load(install("loading_good"))
    assert (record.name, record.status.value, record.reason) == ("loading_good", "disabled", "")


async def test_a_package_without_hooks_is_a_plugin_too(install):
    point = install("loading_files")
    Path(load(point).hooks.__file__).unlink()
    del sys.modules["immich_loading_files.hooks"]
    made = await on(load(point))
    assert statuses(made) == {"loading_files": "enabled"}


@pytest.mark.parametrize(
    ("hooks", "reason"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("this is no Python", "SyntaxError"),
    ],
)
async def test_a_package_that_cannot_be_imported_is_broken_with_its_reason_and_alone(install, hooks: str, reason: str):
    broken = load(install("loading_bad", hooks))
    assert (broken.status.value, broken.broken_at) == ("broken", "load")
    assert reason in broken.reason
    made = await on(broken, plugin("other"))
    assert statuses(made) == {"loading_bad": "broken", "other": "enabled"}


def test_the_manifest_is_looked_at_before_anything_else_is_loaded(install):
    manifest = "from immich_host.plugin_api import Plugin\nPLUGIN = Plugin('loading_old', api='>=9')\n"
    record = load(install("loading_old", "raise SystemExit('must not be loaded')", manifest))
    assert record.reason == f"BadManifest: made for plugin API >=9, this host has {API_VERSION}"


def package(manifest: object) -> ModuleType:
    made = ModuleType("immich_made")
    made.PLUGIN = manifest  # type: ignore[attr-defined]
    return made


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (None, "has no PLUGIN"),
        (Plugin("other"), "calls itself 'other'"),
        (Plugin("made", api="<1"), "made for plugin API <1"),
        (Plugin("made", api="one"), "is not a version range"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(manifest: object, message: str):
    with pytest.raises(BadManifest, match=message):
        from_module("made", package(manifest), ModuleType("hooks"))


@pytest.mark.parametrize("name", ["Faces", "two words", "9lives", "with-dash"])
def test_names_are_identifiers_in_lower_case(name: str):
    with pytest.raises(ValueError, match="lower case"):
        Plugin(name)


def test_installed_plugins_are_found_in_the_order_of_names():
    found = [record.name for record in discover()]
    assert {"metadata", "sidecar", "thumbnails"} <= set(found)
    assert found == sorted(found)
    assert [record.name for record in discover(["sidecar"])] == ["sidecar"]
    assert discover([]) == []


def register_settings():
    raise RuntimeError("no settings today")


def register_jobs():
    return 5


@pytest.mark.parametrize(
    ("hook", "reason"),
    [
        (register_settings, "register_settings: RuntimeError: no settings today"),
        (register_jobs, "register_jobs: TypeError"),
    ],
)
async def test_a_plugin_that_cannot_register_is_broken_alone(hook, reason: str):
    made = await on(plugin("bad", hook), plugin("good"))
    assert statuses(made) == {"bad": "broken", "good": "enabled"}
    assert made.records["bad"].reason.startswith(reason)


@hookimpl
async def asset_invented(asset_id):
    """A hook that nobody has specified."""


@hookimpl(optional=True)
async def faces_recognised(asset_id):
    """A fact of a plugin that may be absent."""


async def asset_trashed(asset_ids, colour):
    """With an argument that the hook does not have."""


async def test_hooks_that_nobody_specified_break_the_plugin_unless_optional():
    made = await on(plugin("bad", asset_invented), plugin("good", faces_recognised), plugin("wrong", asset_trashed))
    assert statuses(made) == {"bad": "broken", "good": "enabled", "wrong": "broken"}
    assert "asset_invented" in made.records["bad"].reason
    assert "colour" in made.records["wrong"].reason


def test_what_plugins_bring_is_known_while_they_are_off():
    def register_pages():
        return [("/more", Path("/nowhere"))]

    def register_migrations():
        return "migrations"

    def register_commands():
        return ["a typer app"]

    def register_sync():
        return ["a stream"]

    def register_blueprints():
        return ["routes"]

    made = hosting(
        plugin("a", register_pages, register_migrations, register_commands, register_sync, register_blueprints)
    )
    brings = made.records["a"].brings
    assert statuses(made) == {"a": "disabled"}
    assert brings.pages == (("/more", Path("/nowhere")),)
    assert brings.migrations == Path("migrations")
    assert (brings.commands, brings.sync, brings.routes) == (("a typer app",), ("a stream",), ("routes",))
