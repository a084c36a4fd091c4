"""MB/s of `POST /assets`, row and all, against a bare ASGI sink that hashes and writes, on the same server.

The sink neither parses multipart, nor makes the file last, nor writes a row. At least 0.7 is wanted.

    python benchmarks/upload.py [--size MB] [--connections N] [--seconds S] [--json]
"""

import argparse
import json
import os
import socket
import statistics
import sys
import threading
import time
from typing import Any

from byte_server import cpu_seconds, server

BOUNDARY = "------------------------d74496d66958873e"
ROUNDS = 5


def field(name: str, value: str) -> str:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


def form(content: bytes) -> tuple[bytes, bytes, bytes]:
    dates = "".join(field(name, "2024-05-01T10:11:12.345Z") for name in ("fileCreatedAt", "fileModifiedAt"))
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="assetData"; filename="a.jpg"\r\n\r\n'
    return (dates + head).encode(), content, f"\r\n--{BOUNDARY}--\r\n".encode()


class Uploader(threading.Thread):
    """One connection that uploads new content until the time is over."""

    def __init__(self, facts: dict[str, Any], path: str, content: bytearray, seconds: float) -> None:
        super().__init__()
        self.line = socket.create_connection(("127.0.0.1", facts["port"]))
        # as HTTP clients do; else a last small piece waits
        self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.content, self.seconds, self.files, self.took = content, seconds, 0, 0.0
        length = sum(map(len, form(bytes(content))))
        self.head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {facts['token']}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {length}\r\n\r\n"
        ).encode()

    def run(self) -> None:
        """Upload until the time is over."""
        start = time.perf_counter()
        while self.took < self.seconds:
            self.content[:16] = os.urandom(16)
            before, content, after = form(self.content)
            self.line.sendall(self.head + before)
            self.line.sendall(content)
            self.line.sendall(after)
            status = self._answer()
            assert status in (200, 201), status
            self.files += 1
            self.took = time.perf_counter() - start
        self.line.close()

    def _answer(self) -> int:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.line.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))[15:])
        while len(body) < length:
            body += self.line.recv(65536)
        return int(head.split()[1])


def speed(facts: dict[str, Any], path: str, size: int, connections: int, seconds: float) -> tuple[float, int]:
    """MB/s, and how many bytes went over."""
    threads = [Uploader(facts, path, bytearray(os.urandom(size)), seconds) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    amount = sum(thread.files for thread in threads) * size
    return sum(thread.files * size / thread.took for thread in threads) / 1e6, amount


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--size", type=float, default=5.0)
    options.add_argument("--connections", type=int, default=2)
    options.add_argument("--seconds", type=float, default=3.0)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    size = int(chosen.size * 1e6)
    ratios: list[float] = []
    cpu_ratios: list[float] = []
    with server() as facts:
        for number in range(ROUNDS):
            rates: list[float] = []
            costs: list[float] = []
            for path in ("/sink", "/api/assets"):
                before = cpu_seconds(facts)
                rate, amount = speed(facts, path, size, chosen.connections, chosen.seconds)
                rates.append(rate)
                costs.append((cpu_seconds(facts) - before) / amount * 1e9)
            ratios.append(rates[1] / rates[0])
            cpu_ratios.append(costs[0] / costs[1])
            print(
                f"round {number + 1}: sink {rates[0]:.0f} MB/s ({costs[0]:.1f} ms CPU per MB), POST /assets "
                f"{rates[1]:.0f} MB/s ({costs[1]:.1f}), ratio {ratios[-1]:.2f}, by CPU {cpu_ratios[-1]:.2f}",
                file=sys.stderr if chosen.json else sys.stdout,
            )
    median, by_cpu = statistics.median(ratios), statistics.median(cpu_ratios)
    if chosen.json:
        print(json.dumps({"ratio": median, "ratio_by_cpu": by_cpu}))
        return
    print(f"median ratio {median:.2f}, by CPU {by_cpu:.2f} (files of {chosen.size:g} MB, {chosen.connections} at once)")


if __name__ == "__main__":
    main()
