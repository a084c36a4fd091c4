"""`serve`: from checked settings to a running supervisor."""

import os
import signal
import sys
from typing import NoReturn

from immich_host.runtime.settings import RuntimeSettings


def serve(settings: RuntimeSettings) -> NoReturn:
    """Become the supervisor; the process id stays, the memory of reading settings goes."""
    os.environ.update(settings.environment())
    # otherwise every process would compile all of its code anew at each start, which takes longer than all the rest
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    supervisor = [sys.executable, "-P", "-m", "immich_host.runtime.supervisor"]
    sys.stdout.flush()
    # a Ctrl-C from here on waits until the supervisor can take it
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    os.execv(sys.executable, supervisor)  # noqa: S606
