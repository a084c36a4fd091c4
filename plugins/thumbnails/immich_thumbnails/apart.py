"""Decoders that may hang, crash or hold Python's lock: run as a program of their own, on stdin and stdout."""

import subprocess
import sys


def run_apart(module: str, *arguments: str, data: bytes, seconds: float) -> bytes:
    """What `python -m module arguments` prints, given `data`.

    Raises:
        ValueError: It failed or took too long; the message is the last line of what it complained about.
    """
    command = [sys.executable, "-P", "-m", module, *arguments]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"it was not decoded within {seconds:.0f} seconds") from error
    if done.returncode < 0:
        raise ValueError(f"the decoder was ended by signal {-done.returncode}")
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise ValueError(lines[-1] if lines else f"the decoder ended with {done.returncode}")
    return done.stdout
