"""Facts that this plugin publishes."""

from uuid import UUID

from immich_host.plugin_api.markers import Kind, hookspec


@hookspec(Kind.FACT)
async def sidecar_changed(asset_id: UUID, owner_id: UUID, cause: str) -> None:
    """An asset's sidecar was written (`sidecar-write`), found or lost outside of an asset's way in.

    Whoever reads sidecars reads this asset's again. Worker. Raising is logged.
    """
