"""From a preview or a text to a vector, as the text that PostgreSQL reads."""

import base64
from pathlib import Path

from immich_host.plugin_api import Host
from immich_host.plugin_api.errors import JobFailed
from immich_inference.api import Ask, Unavailable, predict

TASK = "clip"

# 32 x 32 pixels of one colour, as PNG
_A_PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAALUlEQVR4nGOsmBbFQEvARFPTRy0YtWDUglELRi0YtWDUglELRi0Y"
    "tWDUAioCAJt8AagMxr63AAAAAElFTkSuQmCC"
)


async def of_picture(host: Host, model: str, picture: Path | bytes) -> str:
    """The vector of a picture.

    Raises:
        JobFailed, Unavailable: As `immich_inference.api.predict`.
        FileNotFoundError: It is not there.
    """
    made = await predict(host, [Ask(TASK, "visual", model)], image=picture)
    return str(made.values[TASK])


async def of_text(host: Host, model: str, text: str, language: str | None) -> str:
    """The vector of what somebody looks for.

    Raises:
        JobFailed, Unavailable: As `immich_inference.api.predict`.
    """
    options = {} if language is None else {"language": language}
    made = await predict(host, [Ask(TASK, "textual", model, options)], text=text)
    return str(made.values[TASK])


async def problem_of(host: Host, model: str) -> str | None:
    """Why a model cannot be used now, tried on a picture that nothing is wrong with; None where it can."""
    try:
        await of_picture(host, model, _A_PICTURE)
    except (JobFailed, Unavailable) as error:
        return str(error).rstrip(".")
    return None


def dimensions(vector: str) -> int:
    """How many numbers a vector has."""
    return vector.count(",") + 1
