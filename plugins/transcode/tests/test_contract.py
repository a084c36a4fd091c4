"""What every plugin is held to."""

from pathlib import Path
from typing import override

import pytest

from immich_host.testing.contract import PluginContract


class TestContract(PluginContract):
    plugin = "transcode"
    film: Path

    @pytest.fixture(autouse=True)
    def _film(self, clip) -> None:
        self.film = clip("film.mov", "-c:v", "prores_ks", "-c:a", "pcm_s24le")

    @override
    def sample(self) -> tuple[str, bytes]:
        return self.film.name, self.film.read_bytes()
