"""Makes a new plugin of `template/`, which is a working plugin called `sprout`, by giving it another name."""

import keyword
from pathlib import Path

import immich_host

WORDS = ("immich-host-sprout", "Sprouting", "Sprout", "sprout")
"""What is replaced in names and contents, in this order: package, title, classes, the name."""


class CannotRender(Exception):
    """The name cannot be a plugin's, or something lies where it would go."""


def template() -> Path:
    """The folder of the template: inside the installed package, or beside it in a checkout."""
    package = Path(immich_host.__file__).parent
    inside = package / "template"
    return inside if inside.is_dir() else package.parent / "template"


def render(name: str, target: Path) -> list[Path]:
    """Write the package of a new plugin into the folder `target`; returns its files.

    Raises:
        CannotRender: The name is no lower-case identifier, or `target` is not empty.
    """
    if not name.isidentifier() or name != name.lower() or keyword.iskeyword(name) or name in {"host", "sprout"}:
        msg = f"{name!r} cannot be a plugin's name: lower case letters, digits and underscores, no word of Python"
        raise CannotRender(msg)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        msg = f"{target} is there already"
        raise CannotRender(msg)
    return [_write(file, name, target) for file in sorted(template().rglob("*")) if _belongs(file)]


def _write(file: Path, name: str, target: Path) -> Path:
    path = target / renamed(str(file.relative_to(template())), name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(renamed(file.read_text(encoding="utf-8"), name), encoding="utf-8")
    return path


def renamed(text: str, name: str) -> str:
    """A text of the template, for a plugin called `name`."""
    words = name.split("_")
    title, classes = " ".join(words).strip().capitalize(), "".join(word.capitalize() for word in words)
    for old, new in zip(WORDS, (f"immich-host-{name.replace('_', '-')}", title, classes, name), strict=True):
        text = text.replace(old, new)
    return text


def _belongs(file: Path) -> bool:
    parts = file.relative_to(template()).parts
    return file.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in parts)
