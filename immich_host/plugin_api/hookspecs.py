"""Every hook of the host, and nothing else. All arguments go by keyword; take only those you need.

Each asynchronous hook has the argument `host`, so that a plugin needs no state of its own to reach it.

Each docstring says, in this order: when, in which process, what raising does.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from immich_host.plugin_api.host import Host
from immich_host.plugin_api.jobs import Job
from immich_host.plugin_api.markers import Kind, hookspec
from immich_host.plugin_api.settings import Section
from immich_host.plugin_api.sync import SyncStream
from immich_host.plugin_api.web import Caller, Routes

# --- register: what a plugin brings -------------------------------------------------------------


@hookspec(Kind.REGISTER)
def register_settings() -> Sequence[type[Section]]:
    """At boot, also while the plugin is off. Every process. Raising marks the plugin broken."""
    raise NotImplementedError


@hookspec(Kind.REGISTER)
def register_migrations() -> Path:
    """At boot: the folder with the plugin's Piccolo migrations. Every process. Raising marks it broken."""
    raise NotImplementedError


@hookspec(Kind.REGISTER)
def register_jobs() -> Sequence[Job]:
    """At boot, also while the plugin is off. Every process. Raising marks the plugin broken."""
    raise NotImplementedError


@hookspec(Kind.REGISTER)
def register_blueprints() -> Sequence[Routes]:
    """At boot: routes; they answer 404 while the plugin is off. API. Raising marks the plugin broken."""
    raise NotImplementedError


@hookspec(Kind.REGISTER)
def register_sync() -> Sequence[SyncStream]:
    """At boot: streams of rows for the mobile app's copy. API processes. Raising marks the plugin broken."""
    raise NotImplementedError


@hookspec(Kind.REGISTER)
def register_commands() -> Sequence[Any]:
    """When one of its commands is asked for: typer apps, whose `ctx.obj` is a `CommandLine`.

    Command. Raising ends that command alone.
    """
    raise NotImplementedError


@hookspec(Kind.REGISTER)
def register_pages() -> Sequence[tuple[str, Path]]:
    """At boot: (URL prefix, folder) of static pages; "/" takes the start page. API. Raising marks it broken."""
    raise NotImplementedError


@hookspec(Kind.REGISTER)
def register_actors(broker: Any) -> None:
    """When a worker starts: Dramatiq actors of a plugin's own. Workers. Raising marks the plugin broken."""
    raise NotImplementedError


@hookspec(Kind.REGISTER)
def register_facts() -> Any:
    """At boot: a module of further facts and gather hooks, `<plugin>_*`. Every process. Raising marks it broken."""
    raise NotImplementedError


# --- lifecycle ----------------------------------------------------------------------------------


@hookspec(Kind.LIFECYCLE)
async def plugin_check(settings: Mapping[str, Section], host: Host) -> None:
    """Before the plugin is switched on. Every process. Raising `Unusable` shows the reason: broken(check)."""


@hookspec(Kind.LIFECYCLE)
async def plugin_started(host: Host) -> None:
    """After boot, and when it is switched on. Every process. Raising marks the plugin broken."""


@hookspec(Kind.LIFECYCLE)
async def plugin_stopped(host: Host) -> None:
    """At shutdown, and when it is switched off. Every process. Raising is logged."""


@hookspec(Kind.LIFECYCLE)
async def settings_check(old: Section, new: Section, host: Host) -> None:
    """Before a changed section is stored. The API process asked. Raising `Refused` refuses the change."""


@hookspec(Kind.LIFECYCLE)
async def settings_changed(old: Section, new: Section, host: Host) -> None:
    """After a section has changed. Every process. Raising is logged."""


# --- guard: first refusal wins ------------------------------------------------------------------


@hookspec(Kind.GUARD)
async def upload_offered(head: Mapping[str, Any], user: Caller, host: Host) -> None:
    """Before an upload's body is read. API. `Refused` refuses it; other errors are logged and pass."""


@hookspec(Kind.GUARD)
async def upload_stored(head: Mapping[str, Any], file: Path, user: Caller, host: Host) -> None:
    """The file is on disk and hashed, its row not yet written. API. `Refused` removes the file again."""


@hookspec(Kind.GUARD)
async def upload_kept(asset_id: UUID, user: Caller, host: Host) -> None:
    """An upload's asset is there, new or known before, and the client not yet told; `user` may come by a shared link.

    API. `Refused` is answered and the asset stays; other errors are logged and pass, or with `fail_closed` are
    answered, so that the client sends the file again.
    """


@hookspec(Kind.GUARD)
async def profile_image_stored(file: Path, user: Caller, host: Host) -> None:
    """A profile picture is on disk, its row not written; rewrite it there if need be. API. `Refused` removes it."""


@hookspec(Kind.GUARD)
async def api_request(request: Mapping[str, Any], user: Caller | None, host: Host) -> None:
    """After authentication of every API request. API. Any error refuses the request (fails closed)."""


# --- gather: merged, batched over ids -----------------------------------------------------------


@hookspec(Kind.GATHER)
async def api_features(user: Caller | None, host: Host) -> Mapping[str, bool]:
    """For `GET /server/features`. API. Raising is logged; the flags stay at their idle value."""
    raise NotImplementedError


@hookspec(Kind.GATHER)
async def asset_extras(asset_ids: Sequence[UUID], user: Caller, host: Host) -> Mapping[str, Mapping[UUID, Any]]:
    """For asset answers: field (`people`, `tags`, `stack`) -> asset -> value, or `RawJson`. API. Raising is logged."""
    raise NotImplementedError


@hookspec(Kind.GATHER)
async def asset_filter(params: Mapping[str, Any], user: Caller, host: Host) -> Mapping[str, tuple[str, Sequence[Any]]]:
    """For timeline, search and lists of plugins: parameter -> (SQL over alias `asset`, its `?` arguments).

    Answers only for parameters it owns. Of the timeline: `albumId`, `personId`, `tagId`, `sharedLink` -> an id. Of
    search: `albumIds`, `personIds`, `tagIds` -> a mapping with some of `any`, `all`, `none` -> ids; `hasAlbums`,
    `hasPeople`, `hasTags` -> bool; `ocr` -> words. Of lists that are made unasked: `hasHiddenPeople` -> bool. By
    `albumId`, and `albumIds` with `any` or `all`, others' assets are shown too: whoever answers has looked whether
    `user` may read all these albums. API. Raising fails the request; `Refused` says why.
    """
    raise NotImplementedError


@hookspec(Kind.GATHER)
async def share_link(
    key: str | None, slug: str | None, password_tokens: Sequence[str], host: Host
) -> Mapping[str, Caller]:
    """For requests by shared link: its key or slug -> the caller with `shared_link` set.

    `password_tokens` are the proofs that the browser keeps of passwords given before; where none of them is
    that of the link, its view has `wants_password`. Every API process, at each such request. Raising fails it.
    """
    raise NotImplementedError


@hookspec(Kind.GATHER)
async def asset_access(asset_ids: Sequence[UUID], user: Caller, permission: str, host: Host) -> set[UUID]:
    """Ids that this plugin grants the caller (album member, partner, shared link). API. Raising grants none."""
    raise NotImplementedError


@hookspec(Kind.GATHER)
async def timeline_access(user_ids: Sequence[UUID], user: Caller, host: Host) -> set[UUID]:
    """Users whose timeline this plugin lets the caller read (partners). API. Raising grants none."""
    raise NotImplementedError


@hookspec(Kind.GATHER)
async def timeline_owners(user: Caller, host: Host) -> set[UUID]:
    """Further users whose photos are shown in the caller's own timeline. API. Raising adds none."""
    raise NotImplementedError


# --- fact: after commit, listeners isolated and timed -------------------------------------------


@hookspec(Kind.FACT)
async def asset_created(asset_id: UUID, owner_id: UUID, cause: str, host: Host) -> None:
    """A new asset's row is committed. The process that stored it. Raising is logged against the plugin."""


@hookspec(Kind.FACT)
async def asset_gathered(asset_id: UUID, owner_id: UUID, cause: str, host: Host) -> None:
    """Files that belong to the asset are known. Worker, or where passed through. Raising is logged."""


@hookspec(Kind.FACT)
async def asset_described(asset_id: UUID, owner_id: UUID, cause: str, host: Host) -> None:
    """Metadata is read. Worker, or where passed through. Raising is logged."""


@hookspec(Kind.FACT)
async def asset_placed(asset_id: UUID, owner_id: UUID, cause: str, host: Host) -> None:
    """The original is where it stays. Worker, or where passed through. Raising is logged."""


@hookspec(Kind.FACT)
async def asset_viewable(asset_id: UUID, owner_id: UUID, cause: str, host: Host) -> None:
    """Preview and thumbnail are there. Worker, or where passed through. Raising is logged."""


@hookspec(Kind.FACT)
async def asset_changed(asset_id: UUID, owner_id: UUID, fields: Sequence[str], cause: str, host: Host) -> None:
    """Columns of asset or asset_exif changed. The process that changed them. Raising is logged."""


@hookspec(Kind.FACT)
async def asset_file_written(asset_id: UUID, owner_id: UUID, type: str, cause: str, host: Host) -> None:
    """A derived file or sidecar was written. The process that wrote it. Raising is logged."""


@hookspec(Kind.FACT)
async def asset_copied(source_id: UUID, asset_id: UUID, owner_id: UUID, parts: Sequence[str], host: Host) -> None:
    """Properties go from one asset to another: `albums`, `shared_links`, `tags`. API. Raising is logged."""


@hookspec(Kind.FACT)
async def asset_trashed(asset_ids: Sequence[UUID], owner_id: UUID, host: Host) -> None:
    """Assets of one owner went to the trash. API or worker. Raising is logged."""


@hookspec(Kind.FACT)
async def asset_restored(asset_ids: Sequence[UUID], owner_id: UUID, host: Host) -> None:
    """Assets of one owner came back. API or worker. Raising is logged."""


@hookspec(Kind.FACT)
async def asset_deleted(asset_id: UUID, owner_id: UUID, host: Host) -> None:
    """An asset's row is gone for good. Worker. Raising is logged."""


@hookspec(Kind.FACT)
async def user_created(user_id: UUID, notify: bool, host: Host) -> None:
    """An account was made; `notify` where its owner is to be told by mail. API or command. Raising is logged."""


@hookspec(Kind.FACT)
async def user_deleted(user_id: UUID, host: Host) -> None:
    """An account was erased. Worker. Raising is logged."""


@hookspec(Kind.FACT)
async def job_started(job: str, queue: str, arguments: Mapping[str, Any], host: Host) -> None:
    """A job begins. Worker; not kept across crashes. Raising is logged."""


@hookspec(Kind.FACT)
async def job_finished(job: str, queue: str, arguments: Mapping[str, Any], outcome: str, host: Host) -> None:
    """A job is done, skipped or cancelled (`outcome`). Worker; not kept across crashes. Raising is logged."""


@hookspec(Kind.FACT)
async def job_failed(job: str, queue: str, arguments: Mapping[str, Any], error: str, host: Host) -> None:
    """A job has failed for good. Worker; not kept across crashes. Raising is logged."""


@hookspec(Kind.FACT)
async def api_responded(request: Mapping[str, Any], status: int, seconds: float, host: Host) -> None:
    """A request was answered. API; not kept across crashes. Raising is logged."""
