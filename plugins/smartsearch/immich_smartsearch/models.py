"""A model that vectors are made with, as this plugin keeps it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

RULES = 1
"""Raised when this code makes other vectors of the same preview by the same model: all are then made anew."""

MOST_DIMENSIONS = 4000
"""More than an index of half-precision vectors takes; such models are searched without one."""


@dataclass(frozen=True, slots=True)
class Model:
    """A row of `smartsearch_model`; `is_indexed` is whether its index is there and complete."""

    id: int
    name: str
    dimensions: int | None
    is_answering: bool
    asked_at: datetime | None
    retired_at: datetime | None
    problem: str | None
    problem_asset_id: UUID | None
    index_failed_at: datetime | None
    is_indexed: bool

    @classmethod
    def of_row(cls, row: Any) -> Self:
        """From a row with these columns, perhaps more."""
        return cls(**{name: row[name] for name in cls.__slots__})

    @property
    def index(self) -> str:
        """Name of its index."""
        return index_name(self.id)


def index_name(model_id: int) -> str:
    """Name of a model's index."""
    return f"smart_search_model_{model_id}"
