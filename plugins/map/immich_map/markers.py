"""Which assets are shown on which map: conditions over `asset`, with every right checked."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Caller, Host, Permission, Refused
from immich_host.plugin_api.conditions import Conditions
from immich_map.dto import MapMarkersQuery

type Condition = tuple[str, Sequence[Any]]
"""SQL over the alias `asset`, and its `?` arguments."""


async def of_caller(host: Host, caller: Caller, query: MapMarkersQuery) -> list[Conditions]:
    """The caller's own assets; where asked for, of partners what is in their timelines, and what lies in albums.

    Hidden and locked assets are never among them. What others like is theirs to know: to everybody else nothing of
    theirs is a favourite.

    Returns:
        Conditions that exclude each other and share their arguments.
    """
    owners = await host.access.timeline_owners(caller) if query.with_partners else {caller.user_id}
    mine, values = _of_owners(caller.user_id, owners - {caller.user_id})
    found = [Conditions()]
    found[0].add(mine, *values)
    shared = await _given(host, caller, {"hasAlbums": True}) if query.with_shared_albums else None
    if shared is not None:
        # two searches rather than one with an OR in it, which would look at all assets that there are; and nothing is
        # in both, as to sort out what is there twice takes longer than to find it
        found.append(Conditions(args=found[0].args))
        found[1].add(f"({shared[0]})", *shared[1])
        found[1].add(f"NOT {mine}", *values)
    for each in found:
        _narrow(each, caller, query)
    return found


def _narrow(found: Conditions, caller: Caller, query: MapMarkersQuery) -> None:
    """What is asked for, whoever's it is."""
    found.add("asset.visibility IN ('timeline', 'archive')" if query.is_archived else "asset.visibility = 'timeline'")
    if query.is_favorite is not None:
        found.add("(asset.is_favorite AND asset.owner_id = ?) = ?", caller.user_id, query.is_favorite)
    if query.file_created_after is not None:
        found.add("asset.file_created_at >= ?", query.file_created_after)
    if query.file_created_before is not None:
        found.add("asset.file_created_at <= ?", query.file_created_before)


def _of_owners(own: UUID, others: set[UUID]) -> Condition:
    if not others:
        return "(asset.owner_id = ?)", [own]
    sql = "(asset.owner_id = ? OR (asset.owner_id = ANY(?::uuid[]) AND asset.visibility = 'timeline'))"
    return sql, [own, sorted(others)]


async def of_album(host: Host, caller: Caller, album_id: UUID) -> Conditions | None:
    """What an album shows; None where the caller came by a link that tells nothing about photos.

    Raises:
        Refused: 400 - the caller may not read the album, or there are no albums.
    """
    shown = await _given(host, caller, {"albumId": album_id})
    if shown is None:
        raise Refused(400, f"Not found or no {Permission.ALBUM_READ.value} access")
    if caller.shared_link is not None and not caller.shared_link.show_metadata:
        return None
    found = Conditions()
    found.add(f"({shown[0]})", *shown[1])
    found.add("asset.visibility IN ('timeline', 'archive')")
    return found


async def _given(host: Host, caller: Caller, params: Mapping[str, Any]) -> Condition | None:
    """The condition for a parameter that a plugin owns; None where none does."""
    (name,) = params
    return (await host.gather("asset_filter", params=params, user=caller)).get(name)
