"""docs/plugins/tutorial.md is followed word for word: files are written and commands run in the page's order."""

from pathlib import Path

import pytest

from tests.house.sources import ROOT
from tests.house.stranger import environment
from tests.house.test_docs import Snippet, snippets

PAGE = ROOT / "docs" / "plugins" / "tutorial.md"


def steps() -> list[Snippet]:
    return [snippet for snippet in snippets() if snippet.page == PAGE]


def test_every_snippet_is_a_file_or_a_command():
    assert len(steps()) > 12
    assert all(step.language == "sh" or step.title.startswith("title=") for step in steps())


@pytest.mark.timeout(400)
def test_the_tutorial_works(tmp_path: Path):
    stranger, folder = environment(tmp_path / "venv"), tmp_path / "work"
    folder.mkdir()
    said = ""
    for step in steps():
        if step.language == "sh":
            said += stranger.run("bash", "-ec", step.text, cwd=folder)
        else:
            path = folder / step.title.removeprefix("title=").strip('"')
            assert path.parent.is_dir(), step.where
            path.write_text(step.text + "\n")
    assert said.count(" passed") == 2, said
    assert said.count("nothing is wrong") == 2, said
