"""The files are those that were built, and come with the package."""

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from tokenizers import Tokenizer

PLUGIN = Path(__file__).parents[1]
FILES = {
    "clip/starter/config.json",
    "clip/starter/textual/model.onnx",
    "clip/starter/textual/tokenizer.json",
    "clip/starter/textual/tokenizer_config.json",
    "clip/starter/visual/model.onnx",
    "clip/starter/visual/preprocess_cfg.json",
    "facial-recognition/starter/detection/model.onnx",
    "facial-recognition/starter/recognition/model.onnx",
}


def sums(models):
    lines = (models / "SHA256SUMS").read_text().splitlines()
    return {path: digest for digest, path in (line.split("  ") for line in lines)}


def test_every_file_is_listed_and_nothing_else_is_there(models):
    there = {path.relative_to(models).as_posix() for path in models.rglob("*") if path.is_file()}
    assert sums(models).keys() == FILES
    assert there == FILES | {"SHA256SUMS"}


@pytest.mark.parametrize("path", sorted(FILES))
def test_a_file_has_its_hash(models, path):
    with (models / path).open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == sums(models)[path]


def test_the_wheel_has_models_licence_and_notice(models, tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=PLUGIN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        for path in FILES:
            assert archive.read(f"immich_starter_models/models/{path}") == (models / path).read_bytes()
    assert {Path(name).name for name in names if ".dist-info/licenses/" in name} == {"LICENSE", "NOTICE"}
    assert not any("starter_build" in name for name in names)


def test_the_notice_names_every_model():
    notice = (PLUGIN / "NOTICE").read_text()
    assert [path for path in sorted(FILES) if path.endswith("model.onnx") and path not in notice] == []


def test_search_says_how_it_wants_pictures_and_texts(models):
    clip = models / "clip" / "starter"
    config = json.loads((clip / "config.json").read_text())
    preprocessing = json.loads((clip / "visual" / "preprocess_cfg.json").read_text())
    assert preprocessing["size"] == [config["vision_cfg"]["image_size"]] * 2
    assert preprocessing["interpolation"].upper() in Image.Resampling.__members__
    tokenizer = Tokenizer.from_file(str(clip / "textual" / "tokenizer.json"))
    pad = json.loads((clip / "textual" / "tokenizer_config.json").read_text())["pad_token"]
    assert tokenizer.token_to_id(pad) == 0
