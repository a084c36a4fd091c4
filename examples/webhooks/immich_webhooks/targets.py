"""Where deliveries may go: an account must not reach into the network that the server stands in."""

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit


class Forbidden(Exception):
    """The address is not one to send to; the message says why."""


def check_form(url: str) -> None:
    """Let pass http and https with a host and no credentials.

    Raises:
        Forbidden: Anything else.
    """
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise Forbidden("The address is not valid") from error
    if not known:
        raise Forbidden("The address must begin with http:// or https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise Forbidden("The address must hold no user name and no password")


async def public_address(url: str) -> str:
    """An address of the URL's host, to connect to: looked up once, so that a second answer cannot lead elsewhere.

    Raises:
        Forbidden: One of the host's addresses is private, local or reserved.
        OSError: The name cannot be resolved.
    """
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        parsed = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(parsed, "ipv4_mapped", None)
        if not (mapped or parsed).is_global or parsed.is_multicast:
            raise Forbidden(f"The host {parts.hostname} is in a private network")
    return addresses[0]
