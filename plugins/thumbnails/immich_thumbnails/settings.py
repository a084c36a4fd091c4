"""The settings: Immich's `image` section, and the limits that are this plugin's own."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from immich_host.plugin_api import Section

ImageFormat = Literal["jpeg", "webp"]
ColourSpace = Literal["srgb", "p3"]


class _Part(BaseModel):
    """A nested object of the section: frozen, camelCase on the wire."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class Encoding(_Part):
    """How one kind of picture is written; `progressive` matters for jpeg only."""

    format: ImageFormat
    quality: int = Field(default=80, ge=1, le=100)
    progressive: bool = False


class Sized(Encoding):
    """A picture of a given size; `size` is the length of its short side in pixels."""

    size: int = Field(ge=1)


class Thumbnail(Sized):
    """The small picture of the timeline."""

    format: ImageFormat = "webp"
    size: int = Field(default=250, ge=1)


class Preview(Sized):
    """The large picture of the viewer; faces, search and OCR read it too."""

    format: ImageFormat = "jpeg"
    size: int = Field(default=1440, ge=1)


class Fullsize(Encoding):
    """A picture in the original's dimensions, for originals that browsers cannot show."""

    format: ImageFormat = "jpeg"
    enabled: bool = False


class ImageSettings(Section):
    """Section `image` of the system config, as Immich has it."""

    key: ClassVar[str] = "image"

    thumbnail: Thumbnail = Thumbnail()
    preview: Preview = Preview()
    fullsize: Fullsize = Fullsize()
    colorspace: ColourSpace = "p3"
    extract_embedded: bool = True


class Limits(Section):
    """Section `thumbnails`: what one file may cost.

    `pixel_limit` is width x height of the original; above it the job fails before decoding.
    `video_seconds` is how long ffmpeg may take over one video.
    """

    key: ClassVar[str] = "thumbnails"

    pixel_limit: int = Field(default=400_000_000, ge=1)
    video_seconds: float = Field(default=120.0, gt=0)
