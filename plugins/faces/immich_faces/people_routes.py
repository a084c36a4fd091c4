"""Routes of the tag People, and the search for people."""

from typing import Any
from uuid import UUID

from immich_faces import people, people_store
from immich_faces.answers import person_answer, pictures_folder
from immich_faces.dto import (
    AssetFaceUpdateDto,
    MergePersonDto,
    PeopleQuery,
    PeopleResponseDto,
    PeopleUpdateDto,
    PeopleUpdateItem,
    PersonCreateDto,
    PersonStatisticsResponseDto,
    PersonUpdateDto,
    SearchPeopleQuery,
)
from immich_host.plugin_api import Caller, Host, NotFound, Permission, Refused, Routes
from immich_host.plugin_api.answers import BulkIdErrorReason, BulkIdResponseDto, BulkIdsDto, PersonResponseDto
from immich_host.plugin_api.database import Row
from immich_host.plugin_api.web import RawJson

ROUTES = Routes("People")


@ROUTES.get("/people", permission=Permission.PERSON_READ, operation_id="getAllPeople")
async def get_all_people(caller: Caller, host: Host, query: PeopleQuery) -> PeopleResponseDto:
    """The caller's people: favourites first, then named ones, then those with the most photos."""
    page = await people_store.page(
        host.db,
        caller.user_id,
        minimum_faces=await host.users.preference(caller.user_id, "people", "minimumFaces"),
        with_hidden=query.with_hidden is True,
        number=query.page,
        size=query.size,
        near=await _near(caller, host, query),
    )
    return PeopleResponseDto.model_construct(
        people=[person_answer(host, row) for row in page.people],
        total=page.total,
        hidden=page.hidden,
        has_next_page=page.has_more,
    )


async def _near(caller: Caller, host: Host, query: PeopleQuery) -> UUID | None:
    """The face by whose likeness people are sorted; None where nothing is known about it."""
    if query.closest_person_id is not None:
        return (await _own(caller, host, query.closest_person_id, Permission.PERSON_READ))["face_asset_id"]
    if query.closest_asset_id is not None:
        return await people_store.face_to_compare(host.db, caller.user_id, query.closest_asset_id)
    return None


@ROUTES.post("/people", permission=Permission.PERSON_CREATE, operation_id="createPerson", status=201)
async def create_person(caller: Caller, host: Host, body: PersonCreateDto) -> PersonResponseDto:
    """Make a person, without faces so far."""
    return person_answer(host, await people_store.create(host.db, caller.user_id, people.columns(body)))


@ROUTES.put("/people", permission=Permission.PERSON_UPDATE, operation_id="updatePeople")
async def update_people(caller: Caller, host: Host, body: PeopleUpdateDto) -> list[BulkIdResponseDto]:
    """Change many people; says for each whether it could be done."""
    changes: dict[UUID, PersonUpdateDto] = {}
    for item in body.people:
        changes[item.id] = _later(changes.get(item.id), item)
    now, faceless = await people.change(host, caller, changes)
    return [_outcome(person_id, now, faceless) for person_id in changes]


def _later(before: PersonUpdateDto | None, item: PeopleUpdateItem) -> PersonUpdateDto:
    """Of two changes of one person the later counts, field by field."""
    return item if before is None else before.model_copy(update={n: getattr(item, n) for n in item.model_fields_set})


def _outcome(person_id: UUID, now: dict[UUID, Row], faceless: set[UUID]) -> BulkIdResponseDto:
    if person_id in now:
        return BulkIdResponseDto(id=person_id, success=True)
    if person_id in faceless:
        return BulkIdResponseDto(
            id=person_id, success=False, error=BulkIdErrorReason.VALIDATION, error_message=people.NO_FACE
        )
    return BulkIdResponseDto(id=person_id, success=False, error=BulkIdErrorReason.NO_PERMISSION)


@ROUTES.delete("/people", permission=Permission.PERSON_DELETE, operation_id="deletePeople")
async def delete_people(caller: Caller, host: Host, body: BulkIdsDto) -> None:
    """Delete people; their faces stay and are nobody's."""
    await people.delete(host, caller, body.ids)


@ROUTES.post("/people/merge", permission=Permission.PERSON_MERGE, operation_id="mergePeople")
async def merge_people(caller: Caller, host: Host, body: MergePersonDto) -> list[BulkIdResponseDto]:
    """Make one person of several, who is the first of them; says for each whether it could be done."""
    if not body.ids:
        return []
    target, *others = dict.fromkeys(body.ids)
    merged = await people.merge(host, caller, target, others, Permission.PERSON_MERGE)
    return [BulkIdResponseDto(id=target, success=True), *merged]


@ROUTES.get("/people/{id}", permission=Permission.PERSON_READ, operation_id="getPerson")
async def get_person(caller: Caller, host: Host, id: UUID) -> PersonResponseDto:
    """One of the caller's people."""
    return person_answer(host, await _own(caller, host, id, Permission.PERSON_READ))


@ROUTES.put("/people/{id}", permission=Permission.PERSON_UPDATE, operation_id="updatePerson", deprecated=True)
async def update_person(caller: Caller, host: Host, id: UUID, body: PersonUpdateDto) -> PersonResponseDto:
    """Change a person."""
    now, faceless = await people.change(host, caller, {id: body})
    if id in faceless:
        raise Refused(400, people.NO_FACE)
    if id not in now:
        raise people.refusal(Permission.PERSON_UPDATE)
    return person_answer(host, now[id])


@ROUTES.delete("/people/{id}", permission=Permission.PERSON_DELETE, operation_id="deletePerson")
async def delete_person(caller: Caller, host: Host, id: UUID) -> None:
    """Delete a person; the faces stay and are nobody's."""
    await people.delete(host, caller, [id])


@ROUTES.post(
    "/people/{id}/merge", permission=Permission.PERSON_MERGE, operation_id="mergePersonLegacy", deprecated=True
)
async def merge_person(caller: Caller, host: Host, id: UUID, body: MergePersonDto) -> list[BulkIdResponseDto]:
    """Make others one with this person; says for each whether it could be done."""
    return await people.merge(host, caller, id, body.ids, Permission.PERSON_MERGE)


@ROUTES.put("/people/{id}/reassign", permission=Permission.PERSON_REASSIGN, operation_id="reassignFaces")
async def reassign_faces(caller: Caller, host: Host, id: UUID, body: AssetFaceUpdateDto) -> list[PersonResponseDto]:
    """Give faces of others in some assets to this person, who is answered once for each."""
    moved = await people.reassign(host, caller, id, [(item.asset_id, item.person_id) for item in body.data])
    person = person_answer(host, await _own(caller, host, id, Permission.PERSON_REASSIGN))
    return [person] * len(moved)


@ROUTES.get("/people/{id}/statistics", permission=Permission.PERSON_STATISTICS, operation_id="getPersonStatistics")
async def get_person_statistics(caller: Caller, host: Host, id: UUID) -> PersonStatisticsResponseDto:
    """How many assets of the timeline show a person."""
    await _own(caller, host, id, Permission.PERSON_STATISTICS)
    return PersonStatisticsResponseDto(assets=await people_store.assets_shown(host.db, id))


@ROUTES.get(
    "/people/{id}/thumbnail",
    permission=Permission.PERSON_READ,
    operation_id="getPersonThumbnail",
    raw=True,
    answer_type="application/octet-stream",
)
async def get_person_thumbnail(caller: Caller, host: Host, scope: Any, receive: Any, send: Any, id: UUID) -> None:
    """A person's picture, a JPEG; not there until it is made."""
    person = await _own(caller, host, id, Permission.PERSON_READ)
    if not person["thumbnail_path"]:
        raise NotFound
    await host.files.send(host.files.media_root / person["thumbnail_path"], scope, receive, send, is_kept=False)


@ROUTES.get(
    "/search/person",
    permission=Permission.PERSON_READ,
    operation_id="searchPerson",
    tag="Search",
    answers=list[PersonResponseDto],
)
async def search_person(caller: Caller, host: Host, query: SearchPeopleQuery) -> RawJson:
    """The caller's people by name."""
    return RawJson(
        await people_store.search(
            host.db,
            caller.user_id,
            query.name,
            with_hidden=query.with_hidden is True,
            folder=pictures_folder(host),
        )
    )


async def _own(caller: Caller, host: Host, person_id: UUID, permission: Permission) -> Row:
    person = await people_store.find(host.db, caller.user_id, person_id)
    if person is None:
        raise people.refusal(permission)
    return person
