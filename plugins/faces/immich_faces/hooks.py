"""Wiring: what this plugin hands to the host, and what it listens to."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from immich_faces import (
    cluster,
    detect,
    detect_store,
    face_routes,
    face_store,
    group_routes,
    hookspecs,
    people_filter,
    people_jobs,
    people_routes,
    regions_import,
    sidecars,
    sync,
)
from immich_faces.answers import pictures_folder
from immich_faces.inference_tasks import STEPS
from immich_faces.settings import FaceImport, Faces, FacialRecognition
from immich_host.plugin_api import Caller, Host, Job, Routes, Section, Unusable, hookimpl
from immich_host.plugin_api.jobs import CHAINING_CAUSES
from immich_host.plugin_api.sync import SyncStream
from immich_host.plugin_api.web import RawJson
from immich_inference.api import Step

_LIBRARIES = {"numpy": "numpy", "PIL": "pillow"}


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """Immich's `machineLearning.facialRecognition` and `metadata.faces`, and `faces`."""
    return [FacialRecognition, FaceImport, Faces]


@hookimpl
async def plugin_check(settings: Mapping[str, Section]) -> None:  # noqa: ARG001 - the hook's signature
    """Are the libraries there? Looked for without loading them, as API processes need none."""
    absent = [package for module, package in _LIBRARIES.items() if find_spec(module) is None]
    if absent:
        raise Unusable(f"missing {', '.join(absent)}: pip install {' '.join(absent)}")


@hookimpl
def register_migrations() -> Path:
    """People, faces, their vectors and invitations to cluster groups."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_jobs() -> Sequence[Job]:
    """Finding faces and telling them apart; pictures of people, clearing up, taking over what files name."""
    return [*detect.JOBS, *cluster.JOBS, *people_jobs.JOBS]


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """People, faces, cluster groups."""
    return [people_routes.ROUTES, face_routes.ROUTES, group_routes.ROUTES]


@hookimpl
def register_sync() -> Sequence[SyncStream]:
    """People, and the faces in one's own assets."""
    return sync.STREAMS


@hookimpl
def register_facts() -> ModuleType:
    """`faces_group_invited`."""
    return hookspecs


@hookimpl
def inference_tasks() -> Sequence[Step]:
    """`facial-recognition`."""
    return STEPS


@hookimpl
async def settings_changed(old: Section, new: Section, host: Host) -> None:
    """Other limits make other people of the same faces."""
    if isinstance(old, FacialRecognition) and isinstance(new, FacialRecognition):
        await cluster.limits_changed(host, old, new)


@hookimpl
async def api_features(host: Host) -> Mapping[str, bool]:
    """Tell clients whether faces are looked for, and whether files are asked for names."""
    return {"facialRecognition": detect.is_wanted(host), "importFaces": host.settings(FaceImport).import_}


@hookimpl
async def asset_extras(asset_ids: Sequence[UUID], user: Caller, host: Host) -> Mapping[str, Mapping[UUID, Any]]:
    """The people in an owner's assets; what others share shows nobody."""
    if user.shared_link is not None:
        return {}
    found = await face_store.people_of_assets(host.db, asset_ids, user.user_id, folder=pictures_folder(host))
    return {"people": {asset_id: RawJson(text) for asset_id, text in found.items()}}


@hookimpl
async def asset_filter(params: Mapping[str, Any], user: Caller, host: Host) -> Mapping[str, tuple[str, Sequence[Any]]]:
    """Conditions by people."""
    return await people_filter.conditions(host, user, params)


@hookimpl
async def asset_file_written(asset_id: UUID, type: str, cause: str, host: Host) -> None:
    """An asset that was skipped for want of a preview has one now; new ones come by in their turn."""
    if (
        type == "preview"
        and cause not in CHAINING_CAUSES
        and detect.is_wanted(host)
        and not await detect_store.is_looked_at(host.db, asset_id)
    ):
        await host.jobs.request("faces.detect", asset_id=asset_id, cause="preview")


@hookimpl
async def asset_changed(asset_id: UUID, owner_id: UUID, fields: Sequence[str], host: Host) -> None:  # noqa: ARG001
    """A photo that is locked now may be the one of a person's picture."""
    if "visibility" in fields:
        await host.jobs.request("faces.settle", owner_id=owner_id, cause="visibility", delay=10)


@hookimpl
async def asset_deleted(asset_id: UUID, owner_id: UUID, host: Host) -> None:  # noqa: ARG001 - the hook's signature
    """A person may have lost the photo of their picture."""
    await host.jobs.request("faces.settle", owner_id=owner_id, cause="deleted", delay=10)


@hookimpl(optional=True)
async def metadata_faces_read(
    asset_id: UUID,
    owner_id: UUID,  # noqa: ARG001 - the hook's signature
    faces: Sequence[Mapping[str, Any]],
    cause: str,
    host: Host,
) -> None:
    """Take over the people whom a file names."""
    await regions_import.told(host, asset_id, faces, cause)


@hookimpl(optional=True)
async def sidecar_extras(asset_ids: Sequence[UUID], host: Host) -> Mapping[str, Mapping[UUID, Any]]:
    """Hand in the people whose names are to be written."""
    return {"people": await sidecars.people_in(host, asset_ids)} if sidecars.are_written(host) else {}
