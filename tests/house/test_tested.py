"""No command and no setting is untested: each is named in a test outside this folder."""

import re
from functools import cache

from docs import generate
from immich_host.runtime.settings import RuntimeSettings
from tests.house.sources import ROOT, committed, nothing


@cache
def written() -> str:
    """All tests, but for those of this folder that read instead of running something."""
    house = ROOT / "tests" / "house"
    paths = [path for path in committed() if path.suffix in {".py", ".mjs"} and "tests" in path.parts]
    kept = [path for path in paths if house not in path.parents or path.stem in {"test_template", "test_checking"}]
    return "\n".join(path.read_text() for path in kept)


def is_named(word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}\b", written()) is not None


def test_every_command_is_named_in_a_test():
    words = {name: name.split()[-1] for name in generate.commands()}
    # `enable-password-login` may be one of several that end alike
    nothing(name for name, word in words.items() if not is_named(word) and not is_named(word.partition("-")[2] or word))


def test_every_setting_of_the_processes_is_named_in_a_test():
    fields = RuntimeSettings.model_fields
    nothing(name for name in fields if not any(map(is_named, (name, name.upper(), f"IMMICH_HOST_{name.upper()}"))))


def test_every_section_of_the_system_config_is_named_in_a_test():
    sections = [section for owned in generate.owned_sections().values() for section in owned]
    nothing(section.key for section in sections if not (is_named(section.key) or is_named(section.__name__)))
