"""`plugins new` makes a package that installs, keeps every rule and passes its own tests."""

from pathlib import Path

import pytest

from immich_host.checking import check
from immich_host.scaffold import CannotRender, renamed, render, template
from tests.house.stranger import environment


@pytest.mark.timeout(600)
def test_a_new_plugin_installs_and_runs_its_first_job_and_its_tests(tmp_path: Path):
    stranger, project = environment(tmp_path / "venv"), tmp_path / "tree"
    pytest_there = (stranger.python, "-m", "pytest", "-q", "-W", "error", "tests")
    stranger.run("immich-host", "plugins", "new", "tree_rings", "--into", str(project))
    stranger.install(project)
    assert "1 passed" in stranger.run(*pytest_there, "-k", "an_upload_is_noted", cwd=project)
    said = stranger.run(*pytest_there, cwd=project)
    assert "11 passed" in said, said


BREAKS = (
    ("migrations/tree_rings_0001_noted.py", "DROP TABLE tree_rings_noted", "SELECT 1"),
    ("store.py", "SET size = excluded.size", "SET size = tree_rings_noted.size + 1"),
    ("routes.py", "store.noted(host.db, caller.user_id)", "store.noted(host.db, 'nobody')"),
    ("hooks.py", "from uuid import UUID", "from uuid import UUID\n\nimport numpy"),
    ("settings.py", "minimum_bytes", "least_bytes"),
)
"""Faults of a plugin: file, what stands there, what then stands there."""
CAUGHT = (
    "test_it_imports_only_what_it_may",
    "test_its_import_is_cheap",
    "test_its_readme_is_current",
    "test_its_migrations_go_forwards_and_backwards",
    "test_off_is_404_and_on_is_back",
    "test_every_job_twice_is_as_good_as_once",
)


@pytest.mark.timeout(600)
def test_the_contract_catches_what_is_wrong(tmp_path: Path):
    stranger, project = environment(tmp_path / "venv"), tmp_path / "tree"
    render("tree_rings", project)
    for file, right, wrong in BREAKS:
        path = project / "immich_tree_rings" / file
        assert right in path.read_text()
        path.write_text(path.read_text().replace(right, wrong))
    jobs = project / "immich_tree_rings" / "jobs.py"
    jobs.write_text(jobs.read_text().replace("minimum_bytes", "least_bytes"))
    stranger.install(project)
    command = (stranger.python, "-m", "pytest", "-q", "-rA", "--tb=no", "tests/test_contract.py")
    said = stranger.run(*command, cwd=project, succeeds=False)
    failed = {line.rpartition("::")[2].partition(" ")[0] for line in said.splitlines() if line.startswith("FAILED")}
    assert failed == set(CAUGHT), said


def test_it_breaks_no_rule(tmp_path: Path):
    render("tree_rings", tmp_path / "new")
    assert check(tmp_path / "new") == []


def test_nothing_of_the_templates_name_is_left(tmp_path: Path):
    files = render("tree_rings", tmp_path)
    assert {"immich_tree_rings/hooks.py", "tests/test_tree_rings.py"} <= {str(f.relative_to(tmp_path)) for f in files}
    assert not [file for file in files if "sprout" in str(file).lower() or "sprout" in file.read_text().lower()]
    assert renamed("immich-host-sprout Sprouting SproutDto sprout", "a_b") == "immich-host-a-b A b ABDto a_b"


@pytest.mark.parametrize("name", ["", "Big", "a-b", "class", "host", "sprout", "../x"])
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, name: str):
    with pytest.raises(CannotRender, match="cannot be a plugin's name"):
        render(name, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_is_there_is_not_overwritten(tmp_path: Path):
    (tmp_path / "mine").write_text("x")
    with pytest.raises(CannotRender, match="there already"):
        render("tree_rings", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert template().is_dir()
