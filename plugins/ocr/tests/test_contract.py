"""What every plugin is held to, on a picture with text."""

from collections.abc import Callable

import pytest

from immich_host.testing.contract import PluginContract


class TestContract(PluginContract):
    plugin = "ocr"
    marks = frozenset({"ocr_at"})
    photo = b""

    @pytest.fixture(autouse=True)
    def _photo(self, printed: Callable[..., object], jpeg: Callable[..., bytes]) -> None:
        self.photo = jpeg(printed(["Gate 12", "Departure 14:30"]))

    def sample(self) -> tuple[str, bytes]:
        return "ticket.jpg", self.photo
