"""docs/plugins/tutorial.md is followed word for word: files are written and commands run in the page's order."""

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from immich_host.testing.waiting import PATIENCE
from tests.house.sources import ROOT
from tests.house.stranger import Environment, environment
from tests.house.test_docs import Snippet, snippets

PAGE = ROOT / "docs" / "plugins" / "tutorial.md"


PORT = "2299"


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


@contextmanager
def server(stranger: Environment, command: str, folder: Path) -> Iterator[None]:
    """Runs the command as in a terminal of its own, from when it is ready until Ctrl-C."""
    log = folder / "terminal.log"
    process = stranger.start("bash", "-c", f"exec {command}", cwd=folder, output=log)
    try:
        ends = time.monotonic() + 3 * PATIENCE
        while "is ready" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < ends, log.read_text()
            time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0, log.read_text()


def steps() -> list[Snippet]:
    return [snippet for snippet in snippets() if snippet.page == PAGE]


def test_every_snippet_is_a_file_or_a_command():
    assert len(steps()) > 12
    assert all(step.language == "sh" or step.title.startswith("title=") for step in steps())
    assert PORT in steps()[-4].text, "the server is started"


@pytest.mark.timeout(900)
def test_the_tutorial_works(tmp_path: Path):
    stranger, folder = environment(tmp_path / "venv"), tmp_path / "work"
    folder.mkdir()
    said, port = "", free_port()
    with ExitStack() as running:
        for step in steps():
            text = step.text.replace(PORT, port)  # the page's own may be taken here
            if step.language == "sh" and step.title:
                running.enter_context(server(stranger, text, folder))
            elif step.language == "sh":
                said += stranger.run("bash", "-ec", text, cwd=folder)
            else:
                path = folder / step.title.removeprefix("title=").strip('"')
                assert path.parent.is_dir(), step.where
                path.write_text(text + "\n")
    assert said.count(" passed") == 2, said
    assert said.count("nothing is wrong") == 2, said
    assert said.splitlines()[-1] == "archive", said
