"""Profile pictures: made as small as thumbnails, in a process of their own.

API processes carry no decoder, and a picture that crashes one must not take them along.
`python -m immich_thumbnails.profile_picture FILE` rewrites the file; settings come as JSON on stdin.
"""

import asyncio
import json
import sys
from pathlib import Path

from immich_host.plugin_api import Host, Refused
from immich_thumbnails.errors import CannotRenderError
from immich_thumbnails.settings import ImageSettings, Limits

SECONDS = 60.0
_CANNOT = 3
"""Exit code for "the content is the reason"."""


async def rewrite(file: Path, host: Host) -> None:
    """Replace a picture by its thumbnail, in the format of the settings.

    Raises:
        Refused: 400 for what is no picture, or takes too long.
    """
    settings = json.dumps({
        "image": host.settings(ImageSettings).model_dump(mode="json"),
        "limits": host.settings(Limits).model_dump(mode="json"),
    }).encode()  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", __name__, str(file),
        stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(SECONDS):
            _, errors = await process.communicate(settings)
    except TimeoutError as error:
        raise Refused(400, "The profile image takes too long to read") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        reason = errors.decode(errors="replace").strip().splitlines()
        raise Refused(400, f"The profile image cannot be used: {reason[-1] if reason else 'it is damaged'}")


def main(file: Path, settings: bytes) -> int:
    """The child's side; returns the exit code."""
    from immich_thumbnails.probing import Tools
    from immich_thumbnails.rendering import render
    from immich_thumbnails.sources import Request

    given = json.loads(settings)
    image = ImageSettings.model_validate(given["image"])
    # one size is enough: the preview is not kept
    small = image.model_copy(update={"preview": image.preview.model_copy(update={"size": image.thumbnail.size})})
    nowhere = Path("/nonexistent")
    request = Request(
        file, Tools(nowhere, nowhere, SECONDS), settings=small, limits=Limits.model_validate(given["limits"])
    )
    try:
        rendered = render(request)
    except (CannotRenderError, FileNotFoundError) as error:
        sys.stderr.write(f"{error}\n")
        return _CANNOT
    picture = next(one for one in rendered.pictures if one.type == "thumbnail")
    beside = file.with_name(f"{file.name}.small")
    beside.write_bytes(picture.data)
    beside.replace(file)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.stdin.buffer.read()))
