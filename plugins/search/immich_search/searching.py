"""Which assets a search is about: what was asked, and what the caller may see at all."""

from typing import Any
from uuid import UUID

from pydantic import MISSING

from immich_host.plugin_api import Caller, Host, Permission, Refused
from immich_host.plugin_api.answers import AssetVisibility
from immich_host.plugin_api.conditions import Conditions
from immich_search.bodies import SearchBody
from immich_search.compiling import OF_PLUGINS, Compiler, Given
from immich_search.filters import BoolFilter, IdsFilter, SearchFilterBranch, StringSimilarityFilter
from immich_search.flat import Asked, asked_by

type Limit = tuple[str, tuple[Any, ...]]
"""SQL with a `?` for each value."""

_LIVE = "asset.deleted_at IS NULL"
_NOT_ERASED = "asset.status <> 'deleted'"
_USUAL = "asset.visibility IN ('timeline', 'archive')"
_NOT_LOCKED = "asset.visibility <> 'locked'"

_OF_LINKS = frozenset({"albumIds", "id", "type"})
"""What callers by any shared link may ask about."""
_NOT_OF_LINKS = frozenset({"personIds", "hasPeople", "tagIds", "hasTags", "hasAlbums", "ocr", "isFavorite"})
"""What they may not ask about, even where the link shows metadata."""


MOST_BRANCHES = 100
"""Each may be a question to every plugin."""


async def conditions(host: Host, caller: Caller, body: SearchBody) -> Conditions:
    """SQL over the aliases `asset` and `exif` (`asset LEFT JOIN asset_exif AS exif`) with its arguments.

    It holds for the assets that the body asks for and the caller may find: their own and partners' (of
    those what is in their timeline), or what is in an album or behind a shared link. Where nothing is said about
    it, nothing hidden, locked or in the trash. Without `needs_exif` the alias `exif` is not used.

    Raises:
        Refused: 400 for a field that nobody answers for, or by the plugin that does (an album that one may not
            see), or more than `MOST_BRANCHES`; 401 for the locked folder while the session is not unlocked.
    """
    asked = asked_by(body)
    top, leaves = asked.filter, asked.filter.branches or [SearchFilterBranch()]
    if len(leaves) > MOST_BRANCHES:
        raise Refused(400, f"A filter has at most {MOST_BRANCHES} branches under or")
    for branch in (top, *leaves):
        _check(caller, branch)
    if caller.shared_link is not None and asked.files:
        raise Refused(400, "Paths of previews and thumbnails cannot be asked about by a shared link")
    found, compiler = Conditions(), Compiler(host.files.media_root, caller.user_id)
    parts = [Conditions(args=found.args) for _ in leaves]
    in_albums = [any(_is_in_albums(branch) for branch in (top, leaf)) for leaf in leaves]
    scopes = {each: await _scope(host, caller, in_albums=each) for each in set(in_albums)}
    limits = [[scopes[each], *_limits(asked, leaf)] for each, leaf in zip(in_albums, leaves, strict=True)]
    shared = [limit for limit in limits[0] if all(limit in others for others in limits)]
    for limit in shared:
        found.add(limit[0], *limit[1])
    compiler.add(found, top, await _of_plugins(host, caller, top))
    for file_type, path in asked.files.items():
        compiler.add_file(found, file_type, path)
    for part, leaf, own in zip(parts, leaves, limits, strict=True):
        compiler.add(part, leaf, await _of_plugins(host, caller, leaf))
        for limit in own:
            if limit not in shared:
                part.add(limit[0], *limit[1])
    _join(found, parts)
    return found


def _join(found: Conditions, parts: list[Conditions]) -> None:
    """At least one of the parts; one that asks for nothing lets all pass."""
    if any(part.parts for part in parts):
        found.parts.append(f"({' OR '.join(f'({part.where or "true"})' for part in parts)})")
    found.needs_exif |= any(part.needs_exif for part in parts)


def _check(caller: Caller, branch: SearchFilterBranch) -> None:
    if AssetVisibility.LOCKED in _named(branch) and not caller.elevated:
        raise Refused(401, "Elevated permission is required")
    link = caller.shared_link
    if link is None:
        return
    names = branch.given().keys()
    wrong = names & _NOT_OF_LINKS if link.show_metadata else names - _OF_LINKS
    if wrong:
        raise Refused(400, f"{', '.join(sorted(wrong))} cannot be asked about by a shared link")


def _named(branch: SearchFilterBranch) -> list[AssetVisibility]:
    """Of what visibility assets are to be, where that is said and not only of which not."""
    asked = branch.visibility
    if asked is MISSING:
        return []
    return ([] if asked.eq is MISSING else [asked.eq]) + ([] if asked.in_ is MISSING else asked.in_)


async def _of_plugins(host: Host, caller: Caller, branch: SearchFilterBranch) -> Given:
    """Conditions for the fields that plugins know about; asked once per branch."""
    params = {name: _parameter(value) for name, value in branch.given().items() if name in OF_PLUGINS}
    return await host.gather("asset_filter", params=params, user=caller) if params else {}


def _parameter(value: Any) -> Any:
    """What the hook gets for a field."""
    if isinstance(value, BoolFilter):
        return value.eq
    if isinstance(value, StringSimilarityFilter):
        return value.matches
    return {name: getattr(value, name) for name in IdsFilter.model_fields if name in value.model_fields_set}


# --- what may be found at all -------------------------------------------------------------------


def _limits(asked: Asked, leaf: SearchFilterBranch) -> list[Limit]:
    """What holds for one branch, by what it and the filter around it say."""
    both = (asked.filter, leaf)
    limits: list[Limit] = []
    if all(branch.visibility is MISSING for branch in both):
        limits.append((_USUAL, ()))
    elif not any(_named(branch) for branch in both):
        limits.append((_NOT_LOCKED, ()))
    is_said = asked.with_deleted or any(_is_about_trash(branch) for branch in both)
    limits.append((_NOT_ERASED if is_said else _LIVE, ()))
    return limits


def _is_about_trash(branch: SearchFilterBranch) -> bool:
    """Whether a branch means the trash as well: what is offline is in it, whoever asks for the one means the other."""
    return branch.trashed_at is not MISSING or (branch.is_offline is not MISSING and branch.is_offline.eq)


async def _scope(host: Host, caller: Caller, *, in_albums: bool) -> Limit:
    """Whose assets; what is in albums that the caller may see is found whoever owns it."""
    if caller.shared_link is not None:
        return await _behind_link(host, caller, caller.shared_link.id)
    me = caller.user_id
    if in_albums:
        return f"(asset.owner_id = ? OR ({_USUAL} AND {_LIVE}))", (me,)
    owners = await host.access.timeline_owners(caller)
    if owners <= {me}:
        return "asset.owner_id = ?", (me,)
    of_others = f"asset.visibility = 'timeline' AND {_LIVE}"
    return (
        f"asset.owner_id = ANY(?::uuid[]) AND (asset.owner_id = ? OR ({of_others}))",
        (tuple(sorted(owners)), me),
    )


async def _behind_link(host: Host, caller: Caller, link_id: UUID) -> Limit:
    given = await host.gather("asset_filter", params={"sharedLink": link_id}, user=caller)
    if "sharedLink" not in given:
        raise Refused(400, f"Not found or no {Permission.ASSET_READ.value} access")
    sql, values = given["sharedLink"]
    return f"({sql}) AND {_USUAL} AND {_LIVE}", tuple(values)


def _is_in_albums(branch: SearchFilterBranch) -> bool:
    """Whether only what lies in certain albums is asked for."""
    asked = branch.album_ids
    return asked is not MISSING and (asked.any is not MISSING or asked.all is not MISSING)
