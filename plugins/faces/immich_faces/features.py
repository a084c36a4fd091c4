"""The picture of each person: which face it shows, and having it made anew."""

from collections.abc import Collection, Iterable
from uuid import UUID

from immich_faces import feature_store
from immich_host.plugin_api import Host

THUMBNAIL = "faces.thumbnail"


async def settle(host: Host, person_ids: Collection[UUID]) -> None:
    """After faces came, went or changed hands: who has no face on the picture gets one, and the picture is made.

    In the caller's transaction; for any number of people two statements and a request for each new picture.
    """
    if not person_ids:
        return
    changed = await feature_store.settle_features(host.db, person_ids)
    gone = [row["path"] for row in changed if row["face_asset_id"] is None and row["path"]]
    await host.files.remove_later(*(host.files.media_root / path for path in gone))
    await ask(host, (row["id"] for row in changed if row["face_asset_id"] is not None))


async def ask(host: Host, person_ids: Iterable[UUID], *, cause: str = "people") -> None:
    """Have pictures made."""
    for person_id in sorted(person_ids):
        await host.jobs.request(THUMBNAIL, person_id=person_id, cause=cause)
