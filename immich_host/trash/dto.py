"""Wire models of the trash."""

from immich_host.plugin_api.dto import Dto


class TrashResponseDto(Dto):
    """How many assets were touched."""

    count: int
