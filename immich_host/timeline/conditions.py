"""From a timeline query to SQL conditions: whose assets, which of them."""

from uuid import UUID

from immich_host.plugin_api.answers import AssetVisibility
from immich_host.plugin_api.conditions import Conditions
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller
from immich_host.timeline.dto import AssetOrderBy, GetTimeBucketsQuery
from immich_host.wire.access import refusal, require_elevated
from immich_host.wire.kernel import Kernel

type Query = GetTimeBucketsQuery
"""Both routes' queries: that of one bucket is a subclass."""

_PLUGIN_PARAMETERS = {
    "albumId": ("album_id", Permission.ALBUM_READ),
    "personId": ("person_id", Permission.PERSON_READ),
    "tagId": ("tag_id", Permission.TAG_READ),
}
"""Parameters that a plugin turns into a condition, and the right that is missing where none does."""


def month_column(query: Query) -> str:
    """The generated column that the buckets go by."""
    return "created_month" if query.order_by is AssetOrderBy.CREATED_AT else "local_month"


def viewer_of(caller: Caller) -> UUID | None:
    """Whose favourites the caller sees: their own; nobody's who comes by a shared link, though it be the owner's."""
    return caller.user_id if caller.shared_link is None else None


async def conditions(host: Kernel, caller: Caller, query: Query) -> Conditions:
    """The conditions of a timeline query, with every right checked.

    Raises:
        Refused: 400 for another's timeline, an album one may not see, partners where they have no place, or a box by
            a link that hides metadata; 401 for the locked folder while the session is not unlocked.
    """
    _check(caller, query)
    found = Conditions()
    await _add_scope(host, caller, query, found)
    if query.is_trashed:
        found.add("asset.deleted_at IS NOT NULL AND asset.status <> 'deleted'")
    else:
        found.add("asset.deleted_at IS NULL")
    if query.visibility is None:
        found.add("asset.visibility IN ('timeline', 'archive')")
    else:
        # as text of the statement, not as an argument: only then does the partial index fit
        found.add(f"asset.visibility = '{query.visibility.value}'")
    if query.visibility is AssetVisibility.LOCKED or query.is_trashed:
        found.add("asset.owner_id = ?", caller.user_id)
    if query.is_favorite is not None:
        # what others like is theirs to know: to everybody else nothing of theirs is a favourite
        liked = "coalesce(asset.is_favorite AND asset.owner_id = ?::uuid, false)"
        found.add(f"{liked} = ?", viewer_of(caller), query.is_favorite)
    if query.with_stacked:
        found.add("""(asset.stack_id IS NULL
          OR EXISTS (SELECT FROM stack WHERE stack.id = asset.stack_id AND stack.primary_asset_id = asset.id))""")
    if query.bbox is not None:
        _add_box(query.bbox, found)
    return found


def _check(caller: Caller, query: Query) -> None:
    if query.visibility is AssetVisibility.LOCKED:
        require_elevated(caller)
    other = query.visibility is not AssetVisibility.TIMELINE
    if query.with_partners and (other or query.is_trashed or query.is_favorite is not None):
        raise Refused(
            400, "withPartners is only supported for the timeline: not for archived, trashed, favorite or locked assets"
        )
    link = caller.shared_link
    if query.bbox is not None and link is not None and not link.show_metadata:  # boxes would tell where photos are
        raise Refused(400, "bbox cannot be asked about by a shared link")


async def _add_scope(host: Kernel, caller: Caller, query: Query, found: Conditions) -> None:
    """Whose assets: an album's or a link's where asked for, else those of one's own or a granted user."""
    if caller.shared_link is not None and query.is_trashed:
        raise refusal(Permission.TIMELINE_READ)
    if await _add_plugin_conditions(host, caller, query, found):
        return
    if caller.shared_link is not None:
        raise refusal(Permission.TIMELINE_READ)
    user_id = query.user_id or caller.user_id
    await host.access.require_timeline(caller, user_id)
    if user_id != caller.user_id and (query.visibility is not AssetVisibility.TIMELINE or query.is_trashed):
        raise refusal(Permission.ARCHIVE_READ)
    owners: set[UUID] = {user_id}
    if query.with_partners:
        owners |= await host.access.timeline_owners(caller)
    if len(owners) == 1:
        found.add("asset.owner_id = ?", user_id)
    else:
        found.add("asset.owner_id = ANY(?::uuid[])", sorted(owners))


async def _add_plugin_conditions(host: Kernel, caller: Caller, query: Query, found: Conditions) -> bool:
    """Conditions of plugins for the parameters that they own; True where they say whose assets these are."""
    wanted = {
        name: getattr(query, attribute)
        for name, (attribute, _) in _PLUGIN_PARAMETERS.items()
        if getattr(query, attribute) is not None
    }
    if caller.shared_link is not None:
        wanted["sharedLink"] = caller.shared_link.id
    if not wanted:
        return False
    given = await host.hosting.gather("asset_filter", strict=True, params=wanted, user=caller)
    for name in wanted:
        if name not in given:
            raise refusal(_PLUGIN_PARAMETERS[name][1] if name in _PLUGIN_PARAMETERS else Permission.TIMELINE_READ)
        sql, values = given[name]
        found.add(f"({sql})", *values)
    return "albumId" in wanted or "sharedLink" in wanted


def _add_box(text: str, found: Conditions) -> None:
    """`west,south,east,north` in degrees; a box may cross the date line.

    Raises:
        Refused: 400 when it is not four fitting numbers.
    """
    west, south, east, north = _box(text)
    found.needs_exif = True
    found.add("exif.latitude BETWEEN ? AND ?", south, north)
    if west <= east:
        found.add("exif.longitude BETWEEN ? AND ?", west, east)
    else:
        found.add("(exif.longitude >= ? OR exif.longitude <= ?)", west, east)


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise _no_box() from None
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise _no_box()
    return west, south, east, north


def _no_box() -> Refused:
    issue: dict[str, object] = {
        "code": "invalid_format",
        "path": ["bbox"],
        "message": "Invalid input: expected west,south,east,north",
    }
    return Refused(400, "Validation failed", [issue])
