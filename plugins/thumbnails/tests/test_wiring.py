"""What the host is handed, and that being handed it costs nothing."""

import json
import subprocess
import sys

import pytest

from immich_host.plugin_api import Unusable
from immich_host.testing.waiting import PATIENCE
from immich_thumbnails import PLUGIN, hooks
from immich_thumbnails.settings import ImageSettings, Limits


def test_no_decoder_is_loaded_before_there_is_work():
    script = (
        "import sys, json, immich_thumbnails.hooks; "
        "print(json.dumps([m for m in ('PIL', 'numpy', 'rawpy', 'pillow_heif') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, timeout=PATIENCE)
    assert json.loads(done.stdout) == []


def test_the_job_provides_what_the_manifest_says():
    (job,) = hooks.register_jobs()
    assert (job.name, job.queue, job.after) == ("generate", "thumbnailGeneration", "asset_placed")
    assert (job.provides,) == PLUGIN.provides


def test_the_image_section_is_immichs_but_for_one_default():
    assert hooks.register_settings() == [ImageSettings, Limits]
    assert ImageSettings().model_dump(mode="json") == {
        "thumbnail": {"format": "webp", "quality": 80, "size": 250, "progressive": False},
        "preview": {"format": "jpeg", "quality": 80, "size": 1440, "progressive": False},
        "fullsize": {"format": "jpeg", "quality": 80, "progressive": False, "enabled": False},
        "colorspace": "p3",
        "extractEmbedded": True,  # unlike Immich: what the camera made shows first
    }
    assert Limits().model_dump(mode="json") == {"pixelLimit": 400_000_000, "videoSeconds": 120.0}


async def test_plugin_check_names_the_package_to_install(monkeypatch):
    await hooks.plugin_check(settings={})
    monkeypatch.setattr(hooks, "_LIBRARIES", {"nowhere_to_be_found": "some-package"})
    with pytest.raises(Unusable, match="pip install some-package"):
        await hooks.plugin_check(settings={})
