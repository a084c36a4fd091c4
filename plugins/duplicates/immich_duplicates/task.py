"""The task `duplicate-detection`: what a picture looks like, however it was stored; light to import."""

from pathlib import Path

from immich_inference.api import OpenSession, Runner, Step

TASK = "duplicate-detection"
TYPE = "visual"


def load_visual(place: Path, open_session: OpenSession) -> Runner:
    """The model whose feature vectors are compared."""
    from immich_duplicates.visual import Visual

    return Visual(place, open_session)


STEPS = (Step(TASK, TYPE, load_visual, max_batch=8),)
