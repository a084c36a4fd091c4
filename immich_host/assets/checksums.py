"""SHA-1 sums as clients send them."""

import binascii
from base64 import b64decode


def read_checksum(text: str) -> bytes | None:
    """The 20 bytes of a sum in hex (40 characters) or base64 (28); None for anything else."""
    text = text.strip()
    try:
        if len(text) == 40:
            return bytes.fromhex(text)
        if len(text) == 28:
            return b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return None
