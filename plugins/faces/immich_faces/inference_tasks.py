"""The task `facial-recognition`, declared; what does it is loaded with the first model."""

from collections.abc import Sequence
from pathlib import Path

from immich_inference.api import OpenSession, Runner, Step

TASK = "facial-recognition"


def _detection(place: Path, open_session: OpenSession) -> Runner:
    from immich_faces.inference_steps import load_detection

    return load_detection(place, open_session)


def _recognition(place: Path, open_session: OpenSession) -> Runner:
    from immich_faces.inference_steps import load_recognition

    return load_recognition(place, open_session)


STEPS: Sequence[Step] = (
    Step(TASK, "detection", _detection, max_batch=1),
    Step(TASK, "recognition", _recognition, after="detection"),
)
