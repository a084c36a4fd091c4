"""Routes of the tag Faces."""

from uuid import UUID

from immich_faces import face_store, people_faces
from immich_faces.answers import face_answer, person_answer
from immich_faces.dto import AssetFaceCreateDto, AssetFaceDeleteDto, AssetFaceResponseDto, FaceDto, FacesQuery
from immich_host.plugin_api import Caller, Host, Permission, Routes
from immich_host.plugin_api.answers import PersonResponseDto

ROUTES = Routes("Faces")


@ROUTES.get("/faces", permission=Permission.FACE_READ, operation_id="getFaces")
async def get_faces(caller: Caller, host: Host, query: FacesQuery) -> list[AssetFaceResponseDto]:
    """The faces in an asset from left to right; none of those in what others share, whose people are theirs."""
    await host.access.require_assets(caller, Permission.ASSET_READ, [query.id])
    return [face_answer(host, row) for row in await face_store.of_asset(host.db, query.id, caller.user_id)]


@ROUTES.post("/faces", permission=Permission.FACE_CREATE, operation_id="createFace", status=201)
async def create_face(caller: Caller, host: Host, body: AssetFaceCreateDto) -> None:
    """Put in a face that no model has found."""
    await people_faces.draw(host, caller, body)


@ROUTES.put("/faces/{id}", permission=Permission.FACE_UPDATE, operation_id="reassignFacesById")
async def reassign_face(caller: Caller, host: Host, id: UUID, body: FaceDto) -> PersonResponseDto:
    """Give the face of the body to the person of the path."""
    return person_answer(host, await people_faces.give(host, caller, body.id, id))


@ROUTES.delete("/faces/{id}", permission=Permission.FACE_DELETE, operation_id="deleteFace")
async def delete_face(caller: Caller, host: Host, id: UUID, body: AssetFaceDeleteDto) -> None:
    """Take a face away; without `force` it stays known as none, and is not found again."""
    await people_faces.remove(host, caller, id, for_good=body.force)
