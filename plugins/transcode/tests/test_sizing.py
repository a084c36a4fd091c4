"""Sizes of pictures: by the short side, upright, even, never enlarged."""

import pytest

from immich_transcode.sizing import target_size


@pytest.mark.parametrize(
    ("streams", "limit", "size"),
    [
        ({}, 720, (1280, 720)),
        ({}, None, (1920, 1080)),
        ({}, 1080, (1920, 1080)),
        ({"width": 640, "height": 360}, 720, (640, 360)),
        ({"width": 1080, "height": 1920}, 720, (720, 1280)),
        ({"rotation": 90}, 720, (720, 1280)),
        ({"rotation": -90}, 720, (720, 1280)),
        ({"rotation": 180}, 720, (1280, 720)),
        ({"width": 641, "height": 361}, 720, (640, 360)),
        ({"width": 1921, "height": 1081}, 720, (1278, 720)),
        ({"width": 1, "height": 1}, 720, (2, 2)),
        ({"width": 1024, "height": 576, "stored": (720, 576)}, 480, (852, 480)),
    ],
)
def test_sizes(source, streams, limit, size):
    assert target_size(source(**streams).video, limit) == size
