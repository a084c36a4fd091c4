"""Which hardware is there to encode; what is not there is said, and software does the work."""

from pathlib import Path
from typing import Final

from immich_transcode.hardware import CODECS, Hardware, Kind
from immich_transcode.settings import FFmpegSettings, VideoCodec

DRI: Final = Path("/dev/dri")


class Unavailable(RuntimeError):
    """The hardware that the settings name cannot encode here; the message says why."""


def find(settings: FFmpegSettings, codec: VideoCodec, *, folder: Path = DRI) -> Hardware | None:
    """The hardware that the settings name; None where they name none. Blocking.

    Raises:
        Unavailable: It does not encode the codec, or there is no device in `folder`.
    """
    if settings.accel == "disabled":
        return None
    kind: Kind = settings.accel
    if codec not in CODECS[kind]:
        raise Unavailable(f"{kind} does not encode {codec}")
    return Hardware(kind, _device(kind, settings.preferred_hw_device, folder), decodes=settings.accel_decode)


def _device(kind: Kind, preferred: str, folder: Path) -> str:
    if kind == "nvenc":
        return preferred if preferred.isascii() and preferred.isdigit() else ""
    nodes = _nodes(folder)
    if not nodes:
        raise Unavailable(f"there is no device in {folder}")
    if kind == "rkmpp":
        return ""
    wanted = nodes[-1] if preferred == "auto" else preferred.removeprefix(f"{folder}/")
    if wanted not in nodes:
        raise Unavailable(f"there is no device {wanted} in {folder}")
    return str(folder / wanted)


def _nodes(folder: Path) -> list[str]:
    """Names of the devices, the best last: render nodes after cards, each by their number."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []

    def place(name: str) -> tuple[bool, int, str]:
        digits = "".join(character for character in name if character.isdigit())
        return name.startswith("renderD"), int(digits or 0), name

    return sorted((name for name in names if name.startswith(("renderD", "card"))), key=place)
