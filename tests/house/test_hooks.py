"""No hook is untested: each is named in a test, or in a plugin that a test makes."""

import re

from docs import generate
from tests.house.sources import ROOT, committed, nothing


def test_every_hook_is_named_in_a_test():
    house = ROOT / "tests" / "house"
    tests = [
        path for path in committed() if path.suffix == ".py" and "tests" in path.parts and house not in path.parents
    ]
    words = {word for path in tests for word in re.findall(r"\w+", path.read_text())}
    nothing(name for name in generate.hooks() if name not in words)
