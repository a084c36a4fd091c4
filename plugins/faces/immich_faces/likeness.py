"""What follows when somebody has said whose a face is: faces like it may be theirs too."""

from uuid import UUID

from immich_faces import group_store
from immich_faces.detect import ask_for_clustering, is_wanted
from immich_host.plugin_api import Host


async def look_again(host: Host, owner_id: UUID) -> None:
    """Have the faces of an owner's cluster group told apart, soon; nothing where nobody tells faces apart."""
    if is_wanted(host):
        group_id = await group_store.group_of(host.db, owner_id)
        if group_id is not None:
            await ask_for_clustering(host, group_id)
