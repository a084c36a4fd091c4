"""The configuration as users and visitors see it, and the storage template words."""

from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import Uri
from immich_host.settings.dto_words import HlsVideoResolution, VideoCodec


class UserConfigFFmpegRealtimeDto(Dto):
    """What users see of the settings: video realtime."""

    enabled: bool
    resolutions: list[HlsVideoResolution]
    video_codecs: list[VideoCodec]


class UserConfigFFmpegDto(Dto):
    """What users see of the settings: video."""

    realtime: UserConfigFFmpegRealtimeDto


class UserConfigGeneratedFullsizeImageDto(Dto):
    """What users see of the settings: generated fullsize image."""

    enabled: bool


class UserConfigGeneratedImageDto(Dto):
    """What users see of the settings: generated image."""

    size: int


class UserConfigImageDto(Dto):
    """What users see of the settings: image."""

    fullsize: UserConfigGeneratedFullsizeImageDto
    preview: UserConfigGeneratedImageDto
    thumbnail: UserConfigGeneratedImageDto


class UserConfigClipDto(Dto):
    """What users see of the settings: CLIP."""

    enabled: bool


class UserConfigDuplicateDetectionDto(Dto):
    """What users see of the settings: duplicate detection."""

    enabled: bool


class UserConfigFacialRecognitionDto(Dto):
    """What users see of the settings: facial recognition."""

    enabled: bool
    min_faces: int


class UserConfigOcrDto(Dto):
    """What users see of the settings: OCR."""

    enabled: bool


class UserConfigMachineLearningDto(Dto):
    """What users see of the settings: machine learning."""

    clip: UserConfigClipDto
    duplicate_detection: UserConfigDuplicateDetectionDto
    enabled: bool
    facial_recognition: UserConfigFacialRecognitionDto
    ocr: UserConfigOcrDto


class UserConfigMapDto(Dto):
    """What users see of the settings: map."""

    dark_style: Uri
    enabled: bool
    light_style: Uri


class UserConfigOAuthDto(Dto):
    """What users see of the settings: OAuth."""

    auto_launch: bool
    button_text: str
    enabled: bool


class UserConfigPasswordLoginDto(Dto):
    """What users see of the settings: password login."""

    enabled: bool


class UserConfigReverseGeocodingDto(Dto):
    """What users see of the settings: reverse geocoding."""

    enabled: bool


class UserConfigServerDto(Dto):
    """What users see of the settings: server."""

    external_domain: str
    login_page_message: str
    public_users: bool


class UserConfigThemeDto(Dto):
    """What users see of the settings: theme."""

    custom_css: str


class UserConfigTrashDto(Dto):
    """What users see of the settings: trash."""

    days: int
    enabled: bool


class UserConfigUserDto(Dto):
    """What users see of the settings: user."""

    delete_delay: int


class UserConfigDto(Dto):
    """What signed-in users may see of the configuration."""

    ffmpeg: UserConfigFFmpegDto
    image: UserConfigImageDto
    machine_learning: UserConfigMachineLearningDto
    map: UserConfigMapDto
    oauth: UserConfigOAuthDto
    password_login: UserConfigPasswordLoginDto
    reverse_geocoding: UserConfigReverseGeocodingDto
    server: UserConfigServerDto
    theme: UserConfigThemeDto
    trash: UserConfigTrashDto
    user: UserConfigUserDto


class PublicConfigOAuthDto(Dto):
    """What anyone sees of the settings: OAuth."""

    auto_launch: bool
    button_text: str
    enabled: bool


class PublicConfigPasswordLoginDto(Dto):
    """What anyone sees of the settings: password login."""

    enabled: bool


class PublicConfigServerDto(Dto):
    """What anyone sees of the settings: server."""

    login_page_message: str


class PublicConfigThemeDto(Dto):
    """What anyone sees of the settings: theme."""

    custom_css: str


class PublicConfigDto(Dto):
    """What anyone may see of the configuration."""

    oauth: PublicConfigOAuthDto
    password_login: PublicConfigPasswordLoginDto
    server: PublicConfigServerDto
    theme: PublicConfigThemeDto
