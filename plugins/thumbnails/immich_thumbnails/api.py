"""What plugins that require this one may import: crops of faces."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from immich_host.plugin_api import Host, JobContext
from immich_host.plugin_api.assets import original_missing
from immich_host.plugin_api.errors import JobFailed
from immich_thumbnails.errors import CannotRenderError
from immich_thumbnails.settings import ImageSettings, Limits

FACE_SIZE = 250
"""Side of a crop in pixels; smaller where the photo holds no more."""


@dataclass(frozen=True, slots=True)
class FaceBox:
    """Where a face is, in pixels of an upright picture that measured `image_width` x `image_height`."""

    x1: float
    y1: float
    x2: float
    y2: float
    image_width: int
    image_height: int


async def face_crop(ctx: JobContext, asset_id: UUID, box: FaceBox) -> bytes:
    """A square JPEG around a face: 1.1 times the box, less at the picture's edge, in the thumbnail's quality.

    Taken from the original, of a video from its preview.

    Raises:
        JobFailed: The asset is gone, its file cannot be read, or the box lies outside of the picture.
        FileNotFoundError: The file was moved just now; to be tried again.
    """
    asset = await ctx.host.assets.get(asset_id)
    if asset is None:
        raise JobFailed(f"the asset {asset_id} is gone")
    path = await _preview(ctx.host, asset_id) if asset.type == "VIDEO" else asset.path
    try:
        return await ctx.in_thread(_crop, ctx.host, path, box)
    except CannotRenderError as error:
        raise JobFailed(f"{asset.original_file_name}: {error}") from error
    except FileNotFoundError as error:
        if path != asset.path:
            raise JobFailed(f"the preview of {asset.original_file_name} is missing: {path}") from error
        raise await original_missing(ctx.host.assets, asset) from error


async def write_face_crop(ctx: JobContext, asset_id: UUID, box: FaceBox, person_id: UUID, owner_id: UUID) -> Path:
    """Write `face_crop` to `thumbs/<owner>/<aa>/<bb>/<person>_<number>.jpeg`; the file's absolute path.

    Each time it is another, so that removing an older picture later never takes the new one.
    """
    data = await face_crop(ctx, asset_id, box)
    path = ctx.host.files.derived_path("thumbs", owner_id, f"{person_id}_{uuid4().hex}.jpeg")
    async with ctx.host.files.writing(path) as temporary:
        await ctx.in_thread(temporary.write_bytes, data)
    return path


async def _preview(host: Host, asset_id: UUID) -> Path:
    for file in await host.files.of_asset(asset_id):
        if file.type == "preview" and not file.is_edited:
            return file.path
    raise JobFailed(f"the video {asset_id} has no preview to take a face from")


def _crop(host: Host, path: Path, box: FaceBox) -> bytes:
    """Blocking; the decoders are loaded here, so that only worker processes carry them."""
    from immich_thumbnails.cropping import crop_face
    from immich_thumbnails.probing import Tools

    limits = host.settings(Limits)
    tools = Tools(host.binaries.ffmpeg, host.binaries.ffprobe, limits.video_seconds)
    return crop_face(path, box, FACE_SIZE, tools=tools, settings=host.settings(ImageSettings), limits=limits)
