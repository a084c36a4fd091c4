"""The queues that Immich's clients know, which are always there, and their defaults."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Queue:
    """What is fixed about a queue.

    Args:
        concurrency: How many of its jobs run at once over all processes, unless set otherwise.
        configurable: Whether `job.<queue>.concurrency` of the settings counts.
        startable: Whether the "start" command is allowed.
    """

    concurrency: int
    configurable: bool = True
    startable: bool = True


QUEUES: Final[dict[str, Queue]] = {
    "thumbnailGeneration": Queue(3),
    "metadataExtraction": Queue(5),
    "videoConversion": Queue(1),
    "faceDetection": Queue(2),
    "facialRecognition": Queue(1, configurable=False),
    "smartSearch": Queue(2),
    "duplicateDetection": Queue(1, configurable=False),
    "backgroundTask": Queue(5, startable=False),
    "storageTemplateMigration": Queue(1, configurable=False),
    "migration": Queue(5),
    "search": Queue(5, startable=False),
    "sidecar": Queue(5),
    "library": Queue(5),
    "notifications": Queue(5, startable=False),
    "backupDatabase": Queue(1, configurable=False),
    "ocr": Queue(1),
    "workflow": Queue(5, startable=False),
    "integrityCheck": Queue(1, startable=False),
    "editor": Queue(2, startable=False),
}
"""Immich's queues in the order of its answers; queues of plugins stand beside them."""

PLUGIN_QUEUE: Final = Queue(2)
"""Defaults of a queue that Immich does not have."""


def queue_of(name: str) -> Queue:
    """What is fixed about the queue `name`, Immich's or a plugin's."""
    return QUEUES.get(name, PLUGIN_QUEUE)


def concurrency_of(name: str, configured: int | None) -> int:
    """How many jobs of a queue run at once: as configured where that counts, never less than 1."""
    queue = queue_of(name)
    if configured is None or not queue.configurable:
        return queue.concurrency
    return max(1, configured)
