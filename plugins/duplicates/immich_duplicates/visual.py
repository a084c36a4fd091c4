"""Pictures as vectors of what they show, and as little grey maps of where it is.

Every picture is first shrunk to the same few pixels, whatever its size and shape: what is left tells pictures apart
well enough, and hardly depends on how often and how small a picture was stored. That is then drawn as large as the
model wants it.
"""

from base64 import b64encode
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import orjson
from PIL import Image

from immich_duplicates.comparing import MAP_SIDE
from immich_inference.api import Input, OpenSession

OUTPUT = "feature"
"""Output of the model that is taken: a vector before it is made to mean words."""

_COARSE_SIDE = 96
_REDUCING_GAP = 3.0


class Visible(TypedDict):
    """What is known of a picture.

    Args:
        embedding: JSON text of a unit vector.
        details: Base64 of the map's MAP_SIDE x MAP_SIDE grey bytes.
    """

    embedding: str
    details: str


class Visual:
    """Runs the model of a folder in Immich's layout, `model.onnx` beside `preprocess_cfg.json`."""

    def __init__(self, place: Path, open_session: OpenSession) -> None:
        self._session = open_session(place)
        if OUTPUT not in self._session.outputs:
            msg = f"{place} has no output {OUTPUT!r}, so it cannot tell duplicates"
            raise ValueError(msg)
        settings = orjson.loads((place / "preprocess_cfg.json").read_bytes())
        self._mean = np.array(settings["mean"], np.float32)
        self._deviation = np.array(settings["std"], np.float32)
        self._input, (_, shape) = next(iter(self._session.inputs.items()))
        self._side = int(shape[-1])  # type: ignore[arg-type]

    def prepare(self, given: Input, options: Mapping[str, Any]) -> Sequence[np.ndarray]:  # noqa: ARG002
        """One tensor, float32 [3, side, side]."""
        if given.image is None:
            return []
        coarse = given.image.resize((_COARSE_SIDE, _COARSE_SIDE), Image.Resampling.LANCZOS, reducing_gap=_REDUCING_GAP)
        large = coarse.resize((self._side, self._side), Image.Resampling.BICUBIC)
        pixels = (np.asarray(large, np.float32) / 255 - self._mean) / self._deviation
        return [np.ascontiguousarray(pixels.transpose(2, 0, 1))]

    def group(self, item: np.ndarray) -> Hashable:
        """All tensors are alike."""
        return item.shape

    def run(self, items: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        """A feature for each."""
        return list(self._session.run({self._input: np.stack(items)}, [OUTPUT])[0])

    def finish(self, given: Input, options: Mapping[str, Any], results: Sequence[np.ndarray]) -> Visible:  # noqa: ARG002
        """The feature as a unit vector, and the map."""
        if given.image is None or not results:
            msg = "duplicates are told by pictures"
            raise ValueError(msg)
        feature = results[0].astype(np.float32).reshape(-1)
        length = float(np.linalg.norm(feature)) or 1.0
        embedding = orjson.dumps(feature / np.float32(length), option=orjson.OPT_SERIALIZE_NUMPY).decode()
        return Visible(embedding=embedding, details=b64encode(details_of(given.image)).decode("ascii"))


def details_of(image: Image.Image) -> bytes:
    """The grey map of a picture, squeezed into a square."""
    small = image.resize((MAP_SIDE, MAP_SIDE), Image.Resampling.BICUBIC, reducing_gap=_REDUCING_GAP)
    return small.convert("L").tobytes()
