"""Stands in for `python -m immich_host` under the supervisor: answers every request, or just waits."""

import os
import signal
import socket
import subprocess
import sys


def api(listener: socket.socket) -> None:
    listener.setblocking(True)
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def main(what: str, rest: list[str]) -> int:
    print(f"{what} runs as {os.getpid()}", flush=True)  # noqa: T201
    if what == os.environ.get("STUB_FAILS"):
        return int(os.environ.get("STUB_CODE", "3"))
    if what == os.environ.get("STUB_STUBBORN"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        helper = subprocess.Popen(["sleep", "600"])
        print(f"helper runs as {helper.pid}", flush=True)  # noqa: T201
    if what == "api":
        api(socket.socket(fileno=int(rest[1])))
    while what == "work":
        signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
