from pathlib import Path

from immich_host.runtime.settings import RuntimeSettings

PAGE = Path(__file__).parents[2] / "docs" / "running.md"
BY_MACHINE = {"api_processes": "cores / 2", "work_processes": "cores"}


def rows() -> list[str]:
    """The table of settings as it has to be in docs/running.md."""
    found: list[str] = []
    for name, field in RuntimeSettings.model_fields.items():
        default = BY_MACHINE.get(name) or ("" if field.default is None else f"`{field.default}`")
        found.append(f"| `IMMICH_HOST_{name.upper()}` | {default} | {field.description} |")
    return found


def test_every_setting_is_on_the_page_as_the_code_has_it():
    page = PAGE.read_text().splitlines()
    documented = [line for line in page if line.startswith("| `IMMICH_HOST_")]
    assert documented == rows()
