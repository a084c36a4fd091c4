"""Columns whose values are suggested: of places and of cameras, each of which come together."""

from collections.abc import Mapping

from immich_search.dto import SearchSuggestionType

PLACES = ("country", "state", "city")
CAMERAS = ("make", "model", "lens_model")

SUGGESTED: Mapping[SearchSuggestionType, tuple[tuple[str, ...], str]] = {
    SearchSuggestionType.COUNTRY: (PLACES, "country"),
    SearchSuggestionType.STATE: (PLACES, "state"),
    SearchSuggestionType.CITY: (PLACES, "city"),
    SearchSuggestionType.CAMERA_MAKE: (CAMERAS, "make"),
    SearchSuggestionType.CAMERA_MODEL: (CAMERAS, "model"),
    SearchSuggestionType.CAMERA_LENS_MODEL: (CAMERAS, "lens_model"),
}
"""The family of columns, and the one that is suggested."""
