"""Wiring: what this plugin hands to the host, and what it listens to."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Host, Job, Routes, Section, Unusable, hookimpl
from immich_notifications import admin_routes, checking, hookspecs, jobs, listening, routes
from immich_notifications.settings import EmailTemplates, Smtp
from immich_notifications.store import Notice
from immich_notifications.telling import tell_each

_LIBRARIES = ("aiosmtplib", "jinja2")


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """Immich's `notifications.smtp` and `templates.email`."""
    return [Smtp, EmailTemplates]


@hookimpl
def register_migrations() -> Path:
    """Notifications, and mails that are to be sent."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_jobs() -> Sequence[Job]:
    """Telling, sending, forgetting."""
    return jobs.JOBS


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """Notifications, for their users and for administrators."""
    return [routes.ROUTES, admin_routes.ROUTES]


@hookimpl
def register_facts() -> ModuleType:
    """`notifications_asked` and `notifications_album`."""
    return hookspecs


@hookimpl
async def plugin_check(settings: Mapping[str, Section]) -> None:  # noqa: ARG001 - the hook's signature
    """Are the libraries there? Looked for without loading them."""
    absent = [name for name in _LIBRARIES if find_spec(name) is None]
    if absent:
        raise Unusable(f"missing {', '.join(absent)}: pip install {' '.join(absent)}")


@hookimpl
async def settings_check(old: Section, new: Section) -> None:  # noqa: ARG001 - the hook's signature
    """Mail that is switched on, or sent otherwise than before, has to work."""
    if isinstance(new, Smtp) and new.enabled:
        await checking.check(new)


@hookimpl
async def api_features(host: Host) -> Mapping[str, bool]:
    """Tell clients whether mail is sent."""
    return {"email": host.settings(Smtp).enabled}


@hookimpl
async def user_created(user_id: UUID, notify: bool, host: Host) -> None:
    """Have a mail sent to who has a new account, if whoever made it wants that."""
    if notify:
        await host.jobs.request(jobs.SIGNUP, user_id=user_id)


@hookimpl
async def job_failed(job: str, queue: str, error: str, host: Host) -> None:
    """Have administrators told."""
    await listening.job_failed(host, job, queue, error)


@hookimpl
async def notifications_asked(
    user_ids: Sequence[UUID],
    type: str,
    level: str,
    title: str,
    description: str | None,
    data: Mapping[str, Any] | None,
    host: Host,
) -> None:
    """Tell what another plugin has to tell."""
    notice = Notice(type, title, level, description, None if data is None else dict(data))
    await tell_each(host, user_ids, notice)


@hookimpl(optional=True)
async def albums_invited(album_id: UUID, user_id: UUID, by: UUID, host: Host) -> None:
    """Have somebody told that they were added to an album."""
    await listening.album_invited(host, album_id, user_id, by)


@hookimpl(optional=True)
async def albums_changed(album_id: UUID, by: UUID, host: Host) -> None:
    """Have the other members told, when nothing more comes."""
    await listening.album_changed(host, album_id, by)


@hookimpl(optional=True)
async def faces_group_invited(user_id: UUID, invited_by: UUID, cluster_group_id: UUID, host: Host) -> None:
    """Have somebody told that they were invited to a cluster group."""
    await listening.group_invited(host, user_id, invited_by, cluster_group_id)
