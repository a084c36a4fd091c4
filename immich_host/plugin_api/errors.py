"""Errors that cross between host and plugins; each has one meaning on the wire or for the admin."""


class PluginError(Exception):
    """Base of the errors in this room."""


class Refused(PluginError):
    """A request is turned down; the client gets `status` and `{"message": message}`.

    Args:
        status: HTTP status, 400 to 499.
        message: One sentence for the person at the client.
        errors: Optional list of validation issues, added under `errors`.
    """

    def __init__(self, status: int, message: str, errors: list[dict[str, object]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors


class NotFound(Refused):
    """404 with a message; for what has no object right of its own to fail first."""

    def __init__(self, message: str = "Not Found") -> None:
        super().__init__(404, message)


class Elsewhere(PluginError):
    """The answer is at another address: HTTP 302 to `location`."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


class Unusable(PluginError):
    """A plugin cannot work here (missing program, missing model); the admin is shown the reason.

    Raised from `plugin_check`; say what to do next in the message.
    """


class JobFailed(PluginError):
    """A job cannot succeed by being tried again: it fails for good at once, with this reason kept.

    For damaged files and the like. Any other exception is retried.
    """


class TryLater(PluginError):
    """What a job needs is away for now, as a service is that is being restarted: the job waits, and loses no try.

    For what will come back by itself or by an administrator, and is the same for every job that needs it.
    """

    seconds: float = 30.0
    """How long the job waits before it is tried again."""
