"""What can be done with single faces: drawing, giving and taking them away. Each is one transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from immich_faces import face_store, features, likeness, people_store, sidecars
from immich_faces.dto import AssetFaceCreateDto
from immich_faces.people import refusal, require, require_own_assets
from immich_host.plugin_api import Caller, Host, Permission, Refused
from immich_host.plugin_api.database import Row

LARGEST_SIDE = 2**31 - 1


async def draw(host: Host, caller: Caller, body: AssetFaceCreateDto) -> UUID:
    """Put in a face that a human has drawn; answers its id.

    Raises:
        Refused: 400 - asset or person are not the caller's, or the box does not lie in the picture.
    """
    box = box_of(body)
    await require_own_assets(host, caller, Permission.FACE_CREATE, [body.asset_id])
    async with host.db.transaction():
        await require(host, caller, Permission.FACE_CREATE, [body.person_id])
        face_id = await face_store.draw(
            host.db, body.asset_id, body.person_id, (body.image_width, body.image_height), box
        )
        await features.settle(host, [body.person_id])
        await sidecars.names_changed(host, [body.asset_id])
    return face_id


def box_of(body: AssetFaceCreateDto) -> tuple[int, int, int, int]:
    """The corners of a drawn face, cut to the picture.

    Raises:
        Refused: 400 - nothing of it lies in the picture.
    """
    if not (0 < body.image_width <= LARGEST_SIDE and 0 < body.image_height <= LARGEST_SIDE):
        raise Refused(400, "The picture's width and height must be above 0")
    left, top = max(0, body.x), max(0, body.y)
    right, bottom = min(body.image_width, body.x + body.width), min(body.image_height, body.y + body.height)
    if left >= right or top >= bottom:
        raise Refused(400, "The face must lie in the picture")
    return left, top, right, bottom


async def give(host: Host, caller: Caller, face_id: UUID, person_id: UUID) -> Row:
    """Give a face to a person; answers the person.

    Raises:
        Refused: 400 - face or person are not the caller's.
    """
    async with _held(host, caller, face_id, Permission.FACE_UPDATE, person_id) as (asset_id, concerned):
        await face_store.give(host.db, face_id, person_id)
        await features.settle(host, concerned)
        await sidecars.names_changed(host, [asset_id])
        await likeness.look_again(host, caller.user_id)
        people = await people_store.owned(host.db, caller.user_id, [person_id])
    return people[person_id]


async def remove(host: Host, caller: Caller, face_id: UUID, *, for_good: bool) -> None:
    """Take a face away; unless for good it is kept, so that it is not found again.

    Raises:
        Refused: 400 - the face is not the caller's.
    """
    async with _held(host, caller, face_id, Permission.FACE_DELETE) as (asset_id, concerned):
        await face_store.remove(host.db, face_id, for_good=for_good)
        await features.settle(host, concerned)
        await sidecars.names_changed(host, [asset_id])


@asynccontextmanager
async def _held(
    host: Host, caller: Caller, face_id: UUID, permission: Permission, *others: UUID
) -> AsyncIterator[tuple[UUID, set[UUID]]]:
    """A transaction in which nobody else changes a face of the caller's: its asset, and its person with the others.

    All people are held before the face, as everybody does; where it has changed hands until then, from the start.
    """
    while True:
        async with host.db.transaction():
            face = await face_store.own(host.db, face_id, caller.user_id, is_elevated=caller.elevated)
            if face is None:
                raise refusal(permission)
            people = {face["person_id"], *others} - {None}
            held = await people_store.owned(host.db, caller.user_id, people, hold=True)
            if not held.keys() >= set(others):
                raise refusal(permission)
            if await face_store.hold(host.db, face_id, face["person_id"]):
                yield face["asset_id"], people
                return
