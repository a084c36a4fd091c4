"""What can be done with people: changing, merging, deleting, giving them faces. Each is one transaction."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import MISSING

from immich_faces import face_store, feature_store, features, likeness, people_store, sidecars
from immich_faces.dto import PersonCreateDto, PersonUpdateDto
from immich_host.plugin_api import Caller, Host, Permission, Refused
from immich_host.plugin_api.answers import BulkIdErrorReason, BulkIdResponseDto
from immich_host.plugin_api.database import Row

NO_FACE = "There is no face of the person in this asset"


def refusal(permission: Permission) -> Refused:
    """What a caller is told for what is not there or not theirs, which are not told apart."""
    return Refused(400, f"Not found or no {permission.value} access")


def columns(body: PersonCreateDto) -> dict[str, Any]:
    """The columns that a body sets."""
    return {name: value for name, value in body if name in PersonCreateDto.model_fields and value is not MISSING}


async def require(host: Host, caller: Caller, permission: Permission, person_ids: Collection[UUID]) -> dict[UUID, Row]:
    """People who all have to be the caller's; nobody changes them until the transaction ends.

    Raises:
        Refused: 400.
    """
    wanted = set(person_ids)
    found = await people_store.owned(host.db, caller.user_id, wanted, hold=True)
    if found.keys() != wanted:
        raise refusal(permission)
    return found


async def change(
    host: Host, caller: Caller, changes: Mapping[UUID, PersonUpdateDto]
) -> tuple[dict[UUID, Row], set[UUID]]:
    """Change people by a fixed number of statements.

    Returns:
        The caller's people as they are now, and those among them who have no face in the asset named for it:
        of these nothing has changed.
    """
    async with host.db.transaction():
        before = await people_store.owned(host.db, caller.user_id, changes, hold=True)
        asked = {
            person_id: body.feature_face_asset_id
            for person_id, body in changes.items()
            if person_id in before and isinstance(body.feature_face_asset_id, UUID)
        }
        faces = await feature_store.faces_in(host.db, asked) if asked else {}
        faceless = asked.keys() - faces.keys()
        values = {
            person_id: columns(changes[person_id])
            | ({"face_asset_id": str(faces[person_id])} if person_id in faces else {})
            for person_id in before
            if person_id not in faceless
        }
        now = await people_store.update(host.db, caller.user_id, values)
        await face_store.confirm(host.db, [faces[person_id] for person_id in now if person_id in faces])
        await features.ask(host, faces)
        renamed = [person_id for person_id, row in now.items() if row["name"] != before[person_id]["name"]]
        await _names_changed(host, renamed)
    return now, set(faceless)


async def merge(
    host: Host, caller: Caller, target_id: UUID, others: Sequence[UUID], permission: Permission
) -> list[BulkIdResponseDto]:
    """Make one person of several: the target gets all faces, and what it lacks of name and birth date.

    A human says so: no rerun takes the faces away again.

    Raises:
        Refused: 400 - the target is not the caller's, or is among the others.
    """
    if target_id in others:
        raise Refused(400, "A person cannot be merged with themselves")
    wanted = list(dict.fromkeys(others))
    async with host.db.transaction():
        held = await people_store.owned(host.db, caller.user_id, [target_id, *wanted], hold=True)
        if target_id not in held:
            raise refusal(permission)
        merged = {person_id: held[person_id] for person_id in wanted if person_id in held}
        if merged:
            await face_store.give_all(host.db, target_id, merged)
            await _take_over(host, caller, held[target_id], list(merged.values()))
            await _delete(host, merged)
            await features.settle(host, [target_id])
            await likeness.look_again(host, caller.user_id)
    return [
        BulkIdResponseDto(id=person_id, success=True)
        if person_id in merged
        else BulkIdResponseDto(id=person_id, success=False, error=BulkIdErrorReason.NO_PERMISSION)
        for person_id in wanted
    ]


async def _take_over(host: Host, caller: Caller, target: Row, others: Sequence[Row]) -> None:
    lacking = [name for name in ("name", "birth_date") if not target[name]]
    given = {name: next((row[name] for row in others if row[name]), None) for name in lacking}
    values = {name: value for name, value in given.items() if value is not None}
    if values:
        await people_store.update(host.db, caller.user_id, {target["id"]: values})
    await _names_changed(host, [target["id"]])


async def delete(host: Host, caller: Caller, person_ids: Collection[UUID]) -> None:
    """Delete people; their faces are nobody's.

    Raises:
        Refused: 400 - one of them is not the caller's.
    """
    async with host.db.transaction():
        held = await require(host, caller, Permission.PERSON_DELETE, person_ids)
        await _names_changed(host, [person_id for person_id, row in held.items() if row["name"]])
        await _delete(host, held)


async def delete_unseen(host: Host, person_ids: Collection[UUID]) -> int:
    """Delete those of the people whom no photo shows, also by now; answers how many."""
    async with host.db.transaction():
        unseen = await people_store.hold_unseen(host.db, person_ids)
        await _delete(host, unseen)
    return len(unseen)


async def _delete(host: Host, person_ids: Collection[UUID]) -> None:
    pictures = await people_store.delete(host.db, person_ids)
    await host.files.remove_later(*(host.files.media_root / path for path in pictures))


async def reassign(host: Host, caller: Caller, target_id: UUID, wanted: Sequence[tuple[UUID, UUID]]) -> list[UUID]:
    """Give faces of (asset, person) pairs to a person; answers the assets, one for each face.

    Raises:
        Refused: 400 - a person or an asset is not the caller's.
    """
    asset_ids = {asset_id for asset_id, _ in wanted}
    await require_own_assets(host, caller, Permission.PERSON_REASSIGN, asset_ids)
    async with host.db.transaction():
        people = {target_id, *(before for _, before in wanted)}
        await require(host, caller, Permission.PERSON_REASSIGN, people)
        moved = await face_store.give_many(host.db, target_id, wanted, asset_ids)
        await features.settle(host, people)
        await sidecars.names_changed(host, sorted({row["asset_id"] for row in moved}))
        await likeness.look_again(host, caller.user_id)
    return [row["asset_id"] for row in moved]


async def require_own_assets(host: Host, caller: Caller, permission: Permission, asset_ids: Collection[UUID]) -> None:
    """Let pass only if all assets are the caller's: what others share may be looked at, but their people are theirs.

    Raises:
        Refused: 400.
    """
    await host.access.require_assets(caller, permission, asset_ids)
    if await face_store.owned_assets(host.db, caller.user_id, asset_ids) != set(asset_ids):
        raise refusal(permission)


async def _names_changed(host: Host, person_ids: Collection[UUID]) -> None:
    if person_ids and sidecars.are_written(host):
        await sidecars.names_changed(host, await face_store.assets_of(host.db, person_ids))
