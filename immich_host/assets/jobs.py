"""Jobs of the host for assets."""

from immich_host.assets.deleting import erase_job, expired_job
from immich_host.assets.files import remove_files
from immich_host.plugin_api.jobs import Job

QUEUE = "backgroundTask"

HOST_JOBS = (
    Job("remove_files", run=remove_files, queue=QUEUE, unique=None),
    Job("erase_assets", run=erase_job, queue=QUEUE),
    Job("erase_expired", run=expired_job, queue=QUEUE),
)
NIGHTLY = {"databaseCleanup": ("host.erase_expired",)}
"""Switch of the nightly tasks -> full names of the jobs that it runs."""
