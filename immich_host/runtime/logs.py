"""Log lines of a process: structlog's events and the standard library's records in one format."""

import logging
import sys
from typing import Any

import structlog

from immich_host.runtime.settings import RuntimeSettings

QUIET = ("dramatiq", "hypercorn", "socketio", "engineio", "asyncio", "PIL")
"""Libraries of which only warnings are of interest to an operator."""


def configure(settings: RuntimeSettings) -> None:
    """Write to standard output, for people or as JSON, from the chosen level on."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True)
        if settings.log_format == "json"
        else structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_rendering(settings)))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def aside() -> None:
    """For commands whose standard output is their answer: warnings and errors go to standard error, in one line."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            _without_traceback,
            structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, pad_level=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _without_traceback(_logger: Any, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    if event.pop("exc_info", None):
        error = sys.exception()
        event["error"] = f"{type(error).__name__}: {error}"
    return event


def _rendering(settings: RuntimeSettings) -> list[Any]:
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if settings.log_format == "json":
        return [remove, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [remove, structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
