"""The vendored files, their sessions, and the packages that they are built from."""

import os
import sys
from pathlib import Path

import onnxruntime
import pytest

import immich_starter_models

PLUGIN = Path(__file__).parents[1]
sys.path.insert(0, str(PLUGIN))


@pytest.fixture(scope="session")
def models():
    """Folder of the models."""
    return Path(immich_starter_models.__file__).parent / "models"


@pytest.fixture(scope="session")
def open_model(models):
    """`open_model("clip/starter/visual")`: its session."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return lambda place: onnxruntime.InferenceSession(models / place / "model.onnx", options)


@pytest.fixture(scope="session")
def wheels(request):
    """Folder of the packages that models are built from; skips where they are not to be had."""
    from starter_build import sources

    given = os.environ.get("STARTER_MODELS_SOURCES")
    folder = Path(given) if given else Path(request.config.cache.mkdir("starter-models"))
    try:
        sources.fetch(folder, "--retries=0", "--timeout=10")
    except sources.NoSources as error:
        pytest.skip(str(error).splitlines()[0])
    return folder
