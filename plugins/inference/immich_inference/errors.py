"""What goes wrong with a prediction; each kind has its own status in the protocol."""

from immich_host.plugin_api.errors import JobFailed


class BadInput(JobFailed):
    """The picture or the text cannot be used, or what is asked for does not fit it."""


class NoModel(JobFailed):
    """The task is not known here, or no model of that name is here.

    Args:
        message: What to say.
        task: The task, where it is known and only the model is missing.
        model: The model that is.
    """

    def __init__(self, message: str, task: str = "", model: str = "") -> None:
        super().__init__(message)
        self.task = task
        self.model = model


class ModelBroken(JobFailed):
    """A model's files cannot be loaded."""


class DownloadFailed(Exception):
    """A model could not be downloaded; the message says what to do. What has come is kept for the next try."""
