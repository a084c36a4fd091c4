"""Signatures, and addresses that are not to be sent to."""

import pytest

from immich_webhooks.signing import sign, verify
from immich_webhooks.targets import Forbidden, check_form, public_address


def test_a_signature_is_for_one_body_one_time_and_one_secret():
    signature = sign("secret", 1000, b"body")
    assert verify("secret", "1000", signature, b"body", now=1299)
    assert not verify("secret", "1000", signature, b"body", now=1301)
    assert not verify("secret", "1000", signature, b"body", now=699)
    assert not verify("secret", "1001", signature, b"body", now=1000)
    assert not verify("other", "1000", signature, b"body", now=1000)
    assert not verify("secret", "1000", signature, b"body2", now=1000)
    assert not verify("secret", "soon", signature, b"body", now=1000)


def test_a_signature_that_others_can_check():
    assert sign("k", 1, b"{}") == "v1=3dd49b2593d0f9a349e9e71c4bde3e2b862c2be4003fe9b4ba81332029310158"


@pytest.mark.parametrize(
    "url", ["ftp://example.com", "example.com", "http://", "http://me:secret@example.com", "http://[", "http://a:99999"]
)
def test_what_is_no_address(url: str):
    with pytest.raises(Forbidden):
        check_form(url)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.1.2.3", "192.168.1.1", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]",
             "[fd00::1]", "100.64.0.1", "2130706433"],
)  # fmt: skip
async def test_what_lies_in_a_private_network(host: str):
    with pytest.raises(Forbidden):
        await public_address(f"http://{host}/hook")


async def test_a_public_address_passes():
    assert await public_address("https://8.8.8.8/hook") == "8.8.8.8"
