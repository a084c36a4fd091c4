"""Facts that this plugin publishes."""

from uuid import UUID

from immich_host.plugin_api import Host
from immich_host.plugin_api.markers import Kind, hookspec


@hookspec(Kind.FACT)
async def faces_group_invited(user_id: UUID, invited_by: UUID, cluster_group_id: UUID, host: Host) -> None:
    """A user was invited to have faces told apart together with those of a cluster group. API. Raising is logged."""
