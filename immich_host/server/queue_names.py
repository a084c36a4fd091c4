"""Immich's names for jobs, for clients that list a queue: their list of names is closed."""

from typing import Final

from pydantic.alias_generators import to_pascal

from immich_host.jobs.commands import FAN_OUT
from immich_host.server.queue_dto import JobName

_SINGLE: Final = {
    "thumbnailGeneration": JobName.ASSET_GENERATE_THUMBNAILS,
    "metadataExtraction": JobName.ASSET_EXTRACT_METADATA,
    "videoConversion": JobName.ASSET_ENCODE_VIDEO,
    "faceDetection": JobName.ASSET_DETECT_FACES,
    "facialRecognition": JobName.FACIAL_RECOGNITION,
    "smartSearch": JobName.SMART_SEARCH,
    "duplicateDetection": JobName.ASSET_DETECT_DUPLICATES,
    "storageTemplateMigration": JobName.STORAGE_TEMPLATE_MIGRATION_SINGLE,
    "migration": JobName.ASSET_FILE_MIGRATION,
    "search": JobName.SMART_SEARCH,
    "sidecar": JobName.SIDECAR_CHECK,
    "library": JobName.LIBRARY_SYNC_FILES,
    "notifications": JobName.SEND_MAIL,
    "backupDatabase": JobName.DATABASE_BACKUP,
    "ocr": JobName.OCR,
    "workflow": JobName.WORKFLOW_ASSET_TRIGGER,
    "integrityCheck": JobName.INTEGRITY_CHECKSUM_FILES,
    "editor": JobName.ASSET_EDIT_THUMBNAIL_GENERATION,
}

_OVER_ALL: Final = {
    "thumbnailGeneration": JobName.ASSET_GENERATE_THUMBNAILS_QUEUE_ALL,
    "metadataExtraction": JobName.ASSET_EXTRACT_METADATA_QUEUE_ALL,
    "videoConversion": JobName.ASSET_ENCODE_VIDEO_QUEUE_ALL,
    "faceDetection": JobName.ASSET_DETECT_FACES_QUEUE_ALL,
    "facialRecognition": JobName.FACIAL_RECOGNITION_QUEUE_ALL,
    "smartSearch": JobName.SMART_SEARCH_QUEUE_ALL,
    "duplicateDetection": JobName.ASSET_DETECT_DUPLICATES_QUEUE_ALL,
    "storageTemplateMigration": JobName.STORAGE_TEMPLATE_MIGRATION,
    "migration": JobName.FILE_MIGRATION_QUEUE_ALL,
    "sidecar": JobName.SIDECAR_QUEUE_ALL,
    "library": JobName.LIBRARY_SCAN_QUEUE_ALL,
    "ocr": JobName.OCR_QUEUE_ALL,
}

_OWN: Final = {
    "remove_files": JobName.FILE_DELETE,
    "erase_assets": JobName.ASSET_DELETE,
    "erase_expired": JobName.ASSET_DELETE_CHECK,
}

_VALUES: Final = frozenset(name.value for name in JobName)


def job_name(job: str, queue: str) -> JobName:
    """The closest of Immich's names for one of our jobs (full name), by its own name or its queue's work."""
    if job == FAN_OUT and queue in _OVER_ALL:
        return _OVER_ALL[queue]
    short = job.rpartition(".")[2]
    if to_pascal(short) in _VALUES:
        return JobName(to_pascal(short))
    return _OWN.get(short) or _SINGLE.get(queue, JobName.AUDIT_TABLE_CLEANUP)
