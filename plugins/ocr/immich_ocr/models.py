"""What this plugin brings to `inference`: the task `ocr`, and the model that comes with rapidocr."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from immich_inference.api import Download, FileElsewhere, Model, OpenSession, Runner, Step
from immich_ocr.settings import DEFAULT_MODEL

TASK = "ocr"
DETECTION = "detection"
RECOGNITION = "recognition"


def _load_detection(place: Path, open_session: OpenSession) -> Runner:
    from immich_ocr.detection import Detection

    return Detection(open_session(place))


def _load_recognition(place: Path, open_session: OpenSession) -> Runner:
    from immich_ocr.recognition import Recognition

    return Recognition(open_session(place))


STEPS = (
    # One picture a run: more are no faster on a CPU, and each takes some 200 MB.
    Step(TASK, DETECTION, _load_detection, max_batch=1, any_language=True),
    Step(TASK, RECOGNITION, _load_recognition, after=DETECTION, max_batch=8),
)


_V5 = "PP-OCRv5"


def models() -> list[Model]:
    """PP-OCRv6 small, as rapidocr has it in its wheel; nothing of rapidocr is imported for it."""
    package = _rapidocr()
    if package is None:
        return []
    folder = package / "models"
    files = {DETECTION: folder / "PP-OCRv6_det_small.onnx", RECOGNITION: folder / "PP-OCRv6_rec_small.onnx"}
    return [Model(TASK, DEFAULT_MODEL, folder, files)]


def detection_model(name: str) -> str:
    """The model that finds the lines for one that reads them: `EN__PP-OCRv5_mobile` reads English only.

    The languages of PP-OCRv5 have one detection.
    """
    return name.rpartition("__")[2]


@cache
def downloads() -> list[Download]:
    """Immich's models, PP-OCRv5, by its names for them, from where rapidocr's list has them."""
    import yaml

    package = _rapidocr()
    if package is None:
        return []
    listed = yaml.safe_load((package / "default_models.yaml").read_text())["onnxruntime"][_V5]
    found: list[Download] = []
    for size in ("mobile", "server"):
        detection = listed["det"][f"ch_{_V5}_det_{size}"]
        for key, recognition in listed["rec"].items():
            language, _, kind = key.partition("_")
            if kind == f"{_V5}_rec_{size}":
                name = f"{_V5}_{size}" if language == "ch" else f"{language.upper()}__{_V5}_{size}"
                found.append(Download(TASK, name, {**_file(DETECTION, detection), **_file(RECOGNITION, recognition)}))
    return found


def _file(kind: str, entry: dict[str, Any]) -> dict[str, FileElsewhere]:
    return {f"{kind}/model.onnx": FileElsewhere(entry["model_dir"], entry["SHA256"])}


def _rapidocr() -> Path | None:
    spec = find_spec("rapidocr")
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None
