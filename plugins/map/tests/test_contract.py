"""What every plugin is held to, on a photo with a position."""

from collections.abc import Callable

import pytest

from immich_host.testing.contract import PluginContract


class TestContract(PluginContract):
    plugin = "map"
    photo = b""

    @pytest.fixture(autouse=True)
    def _photo(self, photo_at: Callable[..., bytes]) -> None:
        self.photo = photo_at(48.137, 11.575)

    def sample(self) -> tuple[str, bytes]:
        return "munich.jpg", self.photo
