"""Wire models of the trash."""

from immich_host.wire.dto import Dto


class TrashResponseDto(Dto):
    """How many assets were touched."""

    count: int
