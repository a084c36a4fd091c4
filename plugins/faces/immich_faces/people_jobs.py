"""Jobs about people: their pictures, and clearing away those whom no photo shows."""

from datetime import timedelta
from uuid import UUID

from immich_faces import feature_store, features, people, people_store, regions_import
from immich_host.plugin_api import Job, JobContext, Outcome
from immich_thumbnails.api import FaceBox, write_face_crop

GRACE = timedelta(hours=1)
"""How old a person without faces has to be: clients make people first and give them faces then."""

_PAGE = 1000


async def thumbnail(ctx: JobContext, *, person_id: str | UUID) -> Outcome:
    """Make a person's picture, a crop of the photo that their face was chosen from."""
    host, wanted = ctx.host, UUID(str(person_id))
    found = await feature_store.feature(host.db, wanted)
    if found is None:
        await features.settle(host, [wanted])  # which asks for the picture where there is a face for it
        return Outcome.SKIPPED
    box = FaceBox(found["x1"], found["y1"], found["x2"], found["y2"], found["image_width"], found["image_height"])
    path = await write_face_crop(ctx, found["asset_id"], box, wanted, found["owner_id"])
    stored = path.relative_to(host.files.media_root).as_posix()
    async with host.db.transaction():
        before = await feature_store.set_picture(host.db, wanted, stored, found["id"])
        gone = stored if before is None else before
        await host.files.remove_later(*([host.files.media_root / gone] if gone else []))
    if before is None:
        return Outcome.SKIPPED
    await host.push.to_user(found["owner_id"], "on_person_thumbnail", str(wanted))
    return Outcome.DONE


async def settle(ctx: JobContext, *, owner_id: str | UUID) -> Outcome:
    """Give people another picture whose photo is gone."""
    return await _pictures(ctx, UUID(str(owner_id)))


async def missing_thumbnails(ctx: JobContext) -> Outcome:
    """Have the pictures made that are not there; of all people where it is forced."""
    return await _pictures(ctx, None)


async def _pictures(ctx: JobContext, owner_id: UUID | None) -> Outcome:
    host = ctx.host
    wanted = await feature_store.without_picture(host.db, owner_id, every=ctx.force)
    for start in range(0, len(wanted), _PAGE):
        page = wanted[start : start + _PAGE]
        async with host.db.transaction():
            await people_store.hold(host.db, page)
            await features.settle(host, page)
            await features.ask(host, await feature_store.with_feature(host.db, page), cause=ctx.cause)
        await ctx.progress(start + len(page), len(wanted))
    return Outcome.DONE if wanted else Outcome.SKIPPED


async def cleanup(ctx: JobContext) -> Outcome:
    """Delete people whom no photo shows, not even one in the trash."""
    grace = timedelta(0) if ctx.cause == "manual" else GRACE
    deleted = 0
    while page := await people_store.without_faces(ctx.host.db, grace):
        deleted += await people.delete_unseen(ctx.host, page)
        await ctx.progress(deleted, deleted)
    return Outcome.DONE if deleted else Outcome.SKIPPED


JOBS = (
    Job("thumbnail", thumbnail, queue="thumbnailGeneration", unique="person_id"),
    Job("missing_thumbnails", missing_thumbnails, queue="thumbnailGeneration", nightly="missingThumbnails"),
    Job("settle", settle, queue="backgroundTask", unique="owner_id"),
    Job("cleanup", cleanup, queue="backgroundTask", manual="person-cleanup", nightly="databaseCleanup"),
    Job("import_regions", regions_import.run, queue="metadataExtraction", unique=None),
)
