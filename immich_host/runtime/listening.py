"""The listening socket: bound once by the supervisor, shared by all API processes."""

import errno
import socket

BACKLOG = 2048


class PortTaken(RuntimeError):
    """Another program listens there; the message says what to do."""


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen; raises PortTaken, or OSError for an address that is not this machine's."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as problem:
        listener.close()
        if problem.errno == errno.EADDRINUSE:
            raise PortTaken(f"port {port} is taken by another program; choose one with --port") from None
        raise
    listener.setblocking(False)
    return listener


def url_of(listener: socket.socket) -> str:
    """How a browser on this machine reaches it."""
    host, port = local_address(listener)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def local_address(listener: socket.socket) -> tuple[str, int]:
    """Host and port at which this machine itself reaches it."""
    host, port = listener.getsockname()[:2]
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
    return here.get(str(host), str(host)), int(port)
