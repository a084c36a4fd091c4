"""Models: what comes with the plugin, and Immich's own, downloaded or run by a service."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from immich_host.plugin_api.errors import JobFailed
from immich_host.testing.fixtures import MakeHost
from immich_inference.api import Ask, predict
from immich_inference.settings import InferenceSettings
from immich_ocr.models import DETECTION, RECOGNITION, TASK, detection_model, downloads, models

Print = Callable[..., Image.Image]
Jpeg = Callable[[Image.Image], bytes]


def in_immichs_layout(folder: Path, name: str, kind: str, source: Path) -> None:
    place = folder / TASK / name / kind / "model.onnx"
    place.parent.mkdir(parents=True)
    place.symlink_to(source)


def test_the_model_that_comes_with_it_is_there() -> None:
    (model,) = models()
    assert all(model.place(kind).is_file() for kind in (DETECTION, RECOGNITION))


def test_immichs_models_can_be_downloaded() -> None:
    known = {one.name: one for one in downloads()}
    assert {"PP-OCRv5_mobile", "PP-OCRv5_server", "EN__PP-OCRv5_mobile", "ESLAV__PP-OCRv5_mobile"} <= set(known)
    for model in known.values():
        assert set(model.files) == {"detection/model.onnx", "recognition/model.onnx"}
        assert all(file.url.endswith(".onnx") and len(file.sha256) == 64 for file in model.files.values())
    english, all_languages = known["EN__PP-OCRv5_mobile"].files, known["PP-OCRv5_mobile"].files
    assert english["detection/model.onnx"] == all_languages["detection/model.onnx"]
    assert english["recognition/model.onnx"] != all_languages["recognition/model.onnx"]


def test_languages_share_one_detection() -> None:
    assert detection_model("EN__PP-OCRv5_mobile") == "PP-OCRv5_mobile"
    assert detection_model("PP-OCRv5_mobile") == "PP-OCRv5_mobile"


async def test_models_in_immichs_layout(host: MakeHost, tmp_path: Path, printed: Print, jpeg: Jpeg) -> None:
    """The files of Immich's names are stood in for by those that are here: they are of one kind."""
    (model,) = models()
    in_immichs_layout(tmp_path, "PP-OCRv5_mobile", DETECTION, model.place(DETECTION))
    in_immichs_layout(tmp_path, "EN__PP-OCRv5_mobile", RECOGNITION, model.place(RECOGNITION))
    server = await host(plugins=["inference", "ocr"])
    await server.configure(InferenceSettings(folder=str(tmp_path), download=False))
    asks = [Ask(TASK, DETECTION, "PP-OCRv5_mobile"), Ask(TASK, RECOGNITION, "EN__PP-OCRv5_mobile")]
    prediction = await predict(server.kernel, asks, image=jpeg(printed(["Gate 12"])))
    assert prediction.values[TASK]["text"] == ["Gate 12"]


async def test_a_language_is_read_by_its_own_model_or_not_at_all(
    host: MakeHost, tmp_path: Path, printed: Print, jpeg: Jpeg
) -> None:
    (model,) = models()
    for kind in (DETECTION, RECOGNITION):
        in_immichs_layout(tmp_path, "PP-OCRv5_mobile", kind, model.place(kind))
    server = await host(plugins=["inference", "ocr"])
    await server.configure(InferenceSettings(folder=str(tmp_path), download=False))
    found = await predict(server.kernel, [Ask(TASK, DETECTION, "EN__PP-OCRv5_mobile")], image=jpeg(printed(["Gate"])))
    assert found.values[TASK]["box"]
    asks = [Ask(TASK, DETECTION, "EN__PP-OCRv5_mobile"), Ask(TASK, RECOGNITION, "EN__PP-OCRv5_mobile")]
    with pytest.raises(JobFailed, match="EN__PP-OCRv5_mobile"):
        await predict(server.kernel, asks, image=jpeg(printed(["Gate"])))


async def test_what_is_no_recognition_model_says_so(host: MakeHost, tmp_path: Path, printed: Print, jpeg: Jpeg) -> None:
    (model,) = models()
    in_immichs_layout(tmp_path, "odd", RECOGNITION, model.place(DETECTION))
    server = await host(plugins=["inference", "ocr"])
    await server.configure(InferenceSettings(folder=str(tmp_path), download=False))
    asks = [Ask(TASK, DETECTION, model.name), Ask(TASK, RECOGNITION, "odd")]
    with pytest.raises(JobFailed, match="names no characters"):
        await predict(server.kernel, asks, image=jpeg(printed(["Gate 12"])))
