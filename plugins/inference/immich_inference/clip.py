"""The task `clip`: pictures and texts as vectors of one space, by models in Immich's layout."""

from pathlib import Path

from immich_inference.api import OpenSession, Runner, Step


def load_visual(place: Path, open_session: OpenSession) -> Runner:
    """The tower of pictures."""
    from immich_inference.clip_visual import Visual

    return Visual(place, open_session)


def load_textual(place: Path, open_session: OpenSession) -> Runner:
    """The tower of texts."""
    from immich_inference.clip_textual import Textual

    return Textual(place, open_session)


STEPS = (
    Step("clip", "visual", load_visual, max_batch=8),
    Step("clip", "textual", load_textual, takes="text", max_batch=32),
)
