"""What every plugin is held to."""

from uuid import uuid4

from immich_host.testing.contract import PluginContract

NOBODY = str(uuid4())
SOMETHING = {"subject": "x", "user_id": NOBODY, "by": NOBODY}


class TestContract(PluginContract):
    plugin = "notifications"
    arguments = {  # noqa: RUF012 - a mapping that nobody changes
        "notify_job_failed": {"failed": "faces.detect", "queue": "faceDetection", "error": "no"},
        "notify_user_signup": {"user_id": NOBODY},
        "notify_album_invite": SOMETHING | {"album_id": NOBODY},
        "notify_album_update": {"subject": "x", "user_id": NOBODY, "album_id": NOBODY},
        "notify_group_request": SOMETHING | {"cluster_group_id": NOBODY},
        "send_mail": {"mail_id": NOBODY},
    }
