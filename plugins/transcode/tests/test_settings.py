"""The section `ffmpeg`, as Immich's document has it."""

import pytest
from pydantic import ValidationError

from immich_host.settings.defaults import IDLE
from immich_transcode.settings import FFmpegSettings, Limits, kilobits

IMMICH = IDLE["ffmpeg"]
"""What is served while the plugin is off."""


def test_defaults():
    assert FFmpegSettings().model_dump(mode="json", by_alias=True) == IMMICH
    assert FFmpegSettings.model_validate(IMMICH) == FFmpegSettings()
    assert Limits().model_dump(mode="json", by_alias=True) == {"hours": 24.0, "stallMinutes": 15.0}


@pytest.mark.parametrize(
    ("rate", "expected"),
    [("0", 0), ("", 0), ("4500", 4500), ("4500k", 4500), ("4.5M", 4500), (" 5m ", 5000), ("800 K", 800)],
)
def test_bitrates(rate, expected):
    assert kilobits(rate) == expected
    assert FFmpegSettings(max_bitrate=rate).max_bitrate == rate


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_bitrate": "fast"},
        {"max_bitrate": "-5k"},
        {"target_resolution": "720p"},
        {"target_resolution": "0"},
        {"preset": "quick"},
        {"crf": 52},
        {"accepted_video_codecs": ("mpeg2",)},
    ],
)
def test_what_no_encoder_understands_is_refused(wrong):
    with pytest.raises(ValidationError):
        FFmpegSettings(**wrong)


async def test_the_section_is_served_and_changed(host):
    running = await host(plugins=["transcode"])
    client = await running.client()
    config = (await client.get("/api/system-config")).json()
    assert config["ffmpeg"] == IMMICH
    config["ffmpeg"] |= {"temporalAQ": True, "maxBitrate": "5M", "acceptedVideoCodecs": ["h264", "hevc"]}
    answer = await client.put("/api/system-config", json=config)
    assert (answer.status_code, answer.json()["ffmpeg"]) == (200, config["ffmpeg"])
    assert running.kernel.settings(FFmpegSettings).temporal_aq
    config["ffmpeg"]["maxBitrate"] = "fast"
    answer = await client.put("/api/system-config", json=config)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == ["ffmpeg", "maxBitrate"]
