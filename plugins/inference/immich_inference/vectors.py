"""Vectors between numpy, ONNX and the wire."""

from collections.abc import Sequence

import numpy as np
import orjson

from immich_inference.api import Session

DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}


def as_text(vector: np.ndarray) -> str:
    """An embedding as on the wire: the text of a JSON array, which PostgreSQL takes as a vector."""
    return orjson.dumps(np.ascontiguousarray(vector, np.float32), option=orjson.OPT_SERIALIZE_NUMPY).decode()


def output_named(session: Session, *names: str) -> str:
    """The first of these outputs that there is, else the first output."""
    there = session.outputs
    return next((name for name in names if name in there), next(iter(there)))


def run_stacked(session: Session, feeds: Sequence[dict[str, np.ndarray]], output: str) -> list[np.ndarray]:
    """Run on several items without batch axis, in one run, or one by one where the model takes one alone."""
    first = next(iter(session.inputs.values()))[1]
    if first and first[0] == 1 and len(feeds) > 1:
        return [run_stacked(session, [each], output)[0] for each in feeds]
    batch = {name: np.stack([each[name] for each in feeds]) for name in feeds[0]}
    return list(session.run(batch, [output])[0])
