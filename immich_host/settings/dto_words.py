"""Words that the configuration chooses from."""

from enum import IntEnum, StrEnum


class TranscodeHWAccel(StrEnum):
    """Hardware that encodes video."""

    NVENC = "nvenc"
    QSV = "qsv"
    VAAPI = "vaapi"
    RKMPP = "rkmpp"
    DISABLED = "disabled"


class AudioCodec(StrEnum):
    """Sound formats."""

    MP3 = "mp3"
    AAC = "aac"
    OPUS = "opus"
    PCM_S16LE = "pcm_s16le"


class VideoContainer(StrEnum):
    """Video containers."""

    MOV = "mov"
    MP4 = "mp4"
    OGG = "ogg"
    WEBM = "webm"


class VideoCodec(StrEnum):
    """Picture formats of video."""

    H264 = "h264"
    HEVC = "hevc"
    VP9 = "vp9"
    AV1 = "av1"


class CQMode(StrEnum):
    """How constant quality is reached."""

    AUTO = "auto"
    CQP = "cqp"
    ICQ = "icq"


class HlsVideoResolution(IntEnum):
    """Heights offered for streaming."""

    P480 = 480
    P720 = 720
    P1080 = 1080
    P1440 = 1440
    P2160 = 2160


class ToneMapping(StrEnum):
    """How HDR becomes SDR."""

    HABLE = "hable"
    MOBIUS = "mobius"
    REINHARD = "reinhard"
    DISABLED = "disabled"


class TranscodePolicy(StrEnum):
    """Which videos are transcoded."""

    ALL = "all"
    OPTIMAL = "optimal"
    BITRATE = "bitrate"
    REQUIRED = "required"
    DISABLED = "disabled"


class Colorspace(StrEnum):
    """Colour space of previews."""

    SRGB = "srgb"
    P3 = "p3"


class ImageFormat(StrEnum):
    """File format of previews."""

    JPEG = "jpeg"
    WEBP = "webp"


class LogLevel(StrEnum):
    """How much is logged."""

    VERBOSE = "verbose"
    DEBUG = "debug"
    LOG = "log"
    WARN = "warn"
    ERROR = "error"
    FATAL = "fatal"


class ReleaseChannel(StrEnum):
    """Which releases are looked for."""

    STABLE = "stable"
    RELEASE_CANDIDATE = "releaseCandidate"


class OAuthTokenEndpointAuthMethod(StrEnum):
    """How the server proves itself to the sign-in provider."""

    POST = "client_secret_post"
    BASIC = "client_secret_basic"
