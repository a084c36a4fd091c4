import pytest

from immich_host.auth.devices import Device, device_of

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
EDGE = CHROME + " Edg/140.0.0.0"
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) AppleWebKit/605.1 (KHTML, like Gecko) Version/18.0 Safari/605.1"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile/15E Safari/604"
ANDROID = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537"
)
APP_HEADERS = {"devicemodel": "Pixel 9", "devicetype": "Android"}


@pytest.mark.parametrize(
    ("headers", "device"),
    [
        ({"user-agent": CHROME}, Device("Chrome", "Windows", None)),
        ({"user-agent": EDGE}, Device("Edge", "Windows", None)),
        ({"user-agent": SAFARI}, Device("Safari", "macOS", None)),
        ({"user-agent": IPHONE}, Device("Safari", "iOS", None)),
        ({"user-agent": ANDROID}, Device("Chrome", "Android", None)),
        ({"user-agent": "immich-android/3.2.0"} | APP_HEADERS, Device("Pixel 9", "android", "3.2.0")),
        ({"user-agent": "immich-ios/3.2.0"}, Device("", "ios", "3.2.0")),
        ({"user-agent": "immich-unknown/3.2.0"} | APP_HEADERS, Device("Pixel 9", "Android", "3.2.0")),
        ({"user-agent": "curl/8"} | APP_HEADERS, Device("Pixel 9", "Android", None)),
        ({}, Device("", "", None)),
    ],
)
def test_devices(headers: dict[str, str], device: Device) -> None:
    assert device_of(headers) == device
