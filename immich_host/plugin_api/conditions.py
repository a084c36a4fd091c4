"""SQL conditions that are put together part by part, with their arguments."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Conditions:
    """SQL over the aliases `asset` and `exif`, with its `$n` arguments."""

    parts: list[str] = field(default_factory=list[str])
    args: list[Any] = field(default_factory=list[Any])
    needs_exif: bool = False

    def argument(self, value: Any) -> str:
        """The placeholder for a value."""
        self.args.append(value)
        return f"${len(self.args)}"

    def add(self, part: str, *values: Any) -> None:
        """A condition, each `?` of which stands for the next of `values`.

        Raises:
            ValueError: There are more or fewer marks than values.
        """
        pieces = part.split("?")
        if len(pieces) != len(values) + 1:
            msg = f"{part!r} does not take {len(values)} values"
            raise ValueError(msg)
        marks = [self.argument(value) for value in values]
        self.parts.append("".join(piece + mark for piece, mark in zip(pieces, [*marks, ""], strict=True)))

    @property
    def where(self) -> str:
        """All conditions together."""
        return " AND ".join(self.parts)
