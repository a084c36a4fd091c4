"""`POST /assets`: a file comes in while it is hashed, and becomes an asset or turns out to be known."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import structlog

from immich_host.assets.checksums import read_checksum
from immich_host.assets.creating import NewAsset, find_by_checksum
from immich_host.assets.deleting import erase
from immich_host.assets.dto import AssetMediaResponseDto
from immich_host.assets.dto_input import AssetMediaCreateDto
from immich_host.assets.upload_form import UploadForm, read_form
from immich_host.assets.upload_store import check_live_video, check_quota, known_or_fits, store_upload
from immich_host.media.answers import Receive, Scope, Send, header, send_json
from immich_host.media.received import PartHead, ReceivedFile
from immich_host.media.receiving import Upload, clean_name, receiving
from immich_host.media.types import is_sidecar, kind_of, suffix_of
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, Routes
from immich_host.wire.kernel import Kernel

ASSET, SIDECAR = "assetData", "sidecarData"
CHECKSUM_HEADER = "x-immich-checksum"
FORM_OVERHEAD = 2 << 20
"""At most this much of a body is not the file; for refusing an upload by its length alone."""

routes = Routes("Assets")
log = structlog.get_logger("assets")


class _Duplicate(Exception):
    """The owner has the file already; rolls the transaction back."""


@dataclass(frozen=True, slots=True)
class _Offer:
    """What is known before the body: `head` is what guards are shown."""

    owner_id: UUID
    asset_id: UUID
    head: Mapping[str, Any]


@routes.post(
    "/assets",
    permission=Permission.ASSET_UPLOAD,
    raw=True,
    shared_link=True,
    status=201,
    operation_id="uploadAsset",
    body_type="multipart/form-data",
    body_model=AssetMediaCreateDto,
    answers=AssetMediaResponseDto,
    also_answers={200: AssetMediaResponseDto},
    headers={CHECKSUM_HEADER: str},
)
async def upload_asset(caller: Caller, host: Kernel, scope: Scope, receive: Receive, send: Send) -> None:
    """Store a photo or video."""
    if caller.shared_link is not None and not caller.shared_link.allow_upload:
        raise Refused(401, "Unauthorized")
    offer = _offer_of(scope, caller)
    # who comes by a shared link shows the file itself: to know what a photo's checksum is gives no right to it
    known = await _known(host, caller.user_id, offer.head["checksum"]) if caller.shared_link is None else None
    if known is not None:
        await host.hosting.guard("upload_kept", asset_id=known, user=caller)
        await _answer(scope, receive, send, known, created=False)
        return
    await _check_offer(host, offer, caller)
    async with receiving(scope, receive, host.incoming, files=frozenset({ASSET, SIDECAR}), begun=_check_type) as upload:
        asset_id, created = await _store(host, offer, caller, upload)
    await host.hosting.guard("upload_kept", asset_id=asset_id, user=caller)
    await _answer(scope, receive, send, asset_id, created=created)


async def _answer(scope: Scope, receive: Receive, send: Send, asset_id: UUID, *, created: bool) -> None:
    body = {"id": str(asset_id), "status": "created" if created else "duplicate"}
    await send_json(scope, receive, send, 201 if created else 200, body)


def _offer_of(scope: Scope, caller: Caller) -> _Offer:
    asset_id = uuid4()
    length = header(scope, b"content-length") or ""
    head = {
        "asset_id": str(asset_id),
        "checksum": read_checksum(header(scope, CHECKSUM_HEADER.encode()) or ""),
        "content_length": int(length) if length.isdigit() else None,
        "user_agent": header(scope, b"user-agent") or "",
    }
    return _Offer(caller.user_id, asset_id, head)


async def _known(host: Kernel, owner_id: UUID, checksum: bytes | None) -> UUID | None:
    return await find_by_checksum(host.db, owner_id, checksum) if checksum is not None else None


async def _check_offer(host: Kernel, offer: _Offer, caller: Caller) -> None:
    length = offer.head["content_length"]
    if length is not None and length > FORM_OVERHEAD:
        await check_quota(host.db, offer.owner_id, length - FORM_OVERHEAD)
    await host.hosting.guard("upload_offered", head=offer.head, user=caller)


async def _check_type(head: PartHead, fields: Mapping[str, str]) -> None:
    if head.field == SIDECAR:
        accepted, name = is_sidecar(head.file_name), head.file_name
    else:
        name = clean_name(fields.get("filename") or "") or head.file_name
        accepted = kind_of(name) is not None
    if not accepted:
        raise Refused(400, f"Unsupported file type {name}")


async def _store(host: Kernel, offer: _Offer, caller: Caller, upload: Upload) -> tuple[UUID, bool]:
    """The asset's id, and whether it is new."""
    file = upload.files.get(ASSET)
    if file is None:
        raise Refused(400, "Field(s) assetData should not be empty")
    if not file.size:
        raise Refused(400, "File is empty")
    form = read_form(upload.fields, upload.documents)
    if caller.shared_link is not None:
        form = form.of_guest()
    known = await known_or_fits(host.db, offer.owner_id, file.sha1, file.size)
    if known is not None and known[1]:
        return known[0], False
    new = await _place(host, offer, form, upload)
    head = {**offer.head, "checksum": new.checksum, "size": new.size, "file_name": new.original_file_name,
            "type": new.type, "fields": dict(upload.fields)}  # fmt: skip
    await host.hosting.guard("upload_stored", head=head, file=host.paths.absolute(new.original_path), user=caller)
    is_written = False
    try:
        async with host.db.transaction():
            if known is not None:  # what a client sends again is to be kept: the old row makes way
                await erase(host, known[0], keep_video=new.live_photo_video_id)
            await _write(host, new)
            is_written = True
    except _Duplicate:
        twin = await _known(host, offer.owner_id, new.checksum)
        if twin is None:  # deleted between the two statements
            raise Refused(409, "The file was deleted while it was uploaded; try again") from None
        return twin, False
    except BaseException:
        if is_written:  # the commit may have been done, or not
            for file in upload.files.values():
                file.leave()
        raise
    for file in upload.files.values():
        await file.keep()
    return new.id, True


async def _place(host: Kernel, offer: _Offer, form: UploadForm, upload: Upload) -> NewAsset:
    """Move the files to where they stay (a failed upload removes them again) and describe the asset."""
    file = upload.files[ASSET]
    name = clean_name(upload.fields.get("filename") or "") or file.head.file_name
    typed_name = name if kind_of(name) else file.head.file_name
    kind = kind_of(typed_name)
    if kind is None:
        raise Refused(400, f"Unsupported file type {name}")
    target = await _keep_at(host, offer, file, suffix_of(typed_name), form)
    sidecar = upload.files.get(SIDECAR)
    sidecar_target = await _keep_at(host, offer, sidecar, ".xmp", form) if sidecar is not None else None
    return NewAsset(
        id=offer.asset_id,
        owner_id=offer.owner_id,
        type=kind,
        original_path=host.paths.relative(target),
        original_file_name=name,
        checksum=file.sha1,
        size=file.size,
        file_created_at=form.file_created_at,
        file_modified_at=form.file_modified_at,
        visibility=form.visibility.value,
        is_favorite=form.is_favorite,
        duration=form.duration,
        live_photo_video_id=form.live_photo_video_id,
        sidecar_path=host.paths.relative(sidecar_target) if sidecar_target is not None else None,
        metadata=form.metadata_by_key,
    )


async def _keep_at(host: Kernel, offer: _Offer, file: ReceivedFile, suffix: str, form: UploadForm) -> Path:
    target = host.paths.upload(offer.owner_id, suffix)
    await file.place(target, mtime=form.file_modified_at.timestamp())
    return target


async def _write(host: Kernel, new: NewAsset) -> None:
    video_id = new.live_photo_video_id
    if video_id is not None and await check_live_video(host.db, video_id, new.owner_id) != "hidden":
        await host.assets.update(video_id, cause="upload", visibility="hidden")
    if not await store_upload(host.db, new):
        raise _Duplicate
    await host.publish("asset_created", asset_id=new.id, owner_id=new.owner_id, cause="upload")
