"""Why a file cannot be made into pictures; each message is shown to the admin with the failed job."""


class CannotRenderError(Exception):
    """Base: the file itself is the reason, so trying again would not help."""


class EmptyFileError(CannotRenderError):
    """The file has no bytes."""


class UnknownFormatError(CannotRenderError):
    """The content is of no format that is read here, whatever its name says."""


class DamagedFileError(CannotRenderError):
    """The format is known, but the content is corrupt or cut off."""


class TooManyPixelsError(CannotRenderError):
    """The dimensions exceed the configured limit; nothing was decoded."""


class NoFrameError(CannotRenderError):
    """The video holds no picture: only sound, or nothing decodable."""
