"""Where an asset's files belong, and bringing them there."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

from immich_host.plugin_api import Host, JobContext
from immich_host.plugin_api.assets import AssetRow
from immich_host.plugin_api.errors import JobFailed
from immich_storage_template import disk, moving, store
from immich_storage_template.disk import Part
from immich_storage_template.language import BadTemplate, Template, parse
from immich_storage_template.naming import Name, extension, name, stem_of
from immich_storage_template.settings import StorageTemplate
from immich_storage_template.variables import Album, Subject


@dataclass(frozen=True, slots=True)
class Place:
    """An asset and what its files are to be called; `folder` is its owner's, below `library`."""

    asset: AssetRow
    sidecar: Path | None
    folder: Path
    name: Name

    @property
    def number(self) -> str | None:
        """Which `+1` the original has at its place; None where it is somewhere else."""
        if not self.asset.path.is_relative_to(self.folder):
            return None
        return self.name.number_of(self.asset.path.relative_to(self.folder).as_posix())

    @property
    def is_settled(self) -> bool:
        """Whether the original, and its sidecar beside it, are where they belong."""
        return self.number is not None and self.sidecar in {None, _beside(self.asset.path)}

    def files(self, number: str) -> list[tuple[Path, Path]]:
        """Old and new path of what would be moved for a number, the original first."""
        original = self.folder / self.name.numbered(number)
        wanted = [(self.asset.path, original)]
        if self.sidecar is not None:
            wanted.append((self.sidecar, _beside(original)))
        return [(old, new) for old, new in wanted if old != new]

    def candidates(self, preferred: str) -> Iterator[tuple[str, list[Path]]]:
        """Numbers to try, with the paths that have to be free for each."""
        for number in self.name.candidates(preferred):
            yield number, [new for _, new in self.files(number)]


async def group_of(host: Host, asset_id: UUID) -> list[AssetRow]:
    """What is named together: a photo and its live video, whichever is asked for. Empty where nothing moves."""
    asset = await host.assets.get(asset_id)
    if asset is not None and asset.visibility == "hidden":
        still = await store.still_of(host.db, asset.id)
        asset = await host.assets.get(still) if still else None
    if asset is None:
        return []
    video = await host.assets.get(asset.live_photo_video_id) if asset.live_photo_video_id else None
    return [each for each in (asset, video) if each is not None and _moves(host, each)]


def _moves(host: Host, asset: AssetRow) -> bool:
    return not asset.is_external and not asset.path.is_relative_to(host.files.media_root / "encoded-video")


async def places_of(host: Host, group: list[AssetRow]) -> list[Place]:
    """Where the files of a group belong.

    Raises:
        JobFailed: The template cannot name them, or it is not known what they are.
    """
    template = parse(host.settings(StorageTemplate).template)
    first = await _subject(host, group[0], template)
    folder = moving.library_of(host) / await store.folder_of(host.db, group[0].owner_id)
    found: list[Place] = []
    for asset in group:
        if await _size(host, asset) is None:
            raise JobFailed(f"{asset.original_file_name} is not moved: its size is not known")
        subject = replace(
            first, asset_id=asset.id, ext=extension(asset.path.name), is_image=asset.type == "IMAGE"
        )  # fmt: skip
        try:
            found.append(Place(asset, await _sidecar(host, asset.id), folder, name(template, subject)))
        except BadTemplate as error:
            raise JobFailed(f"{asset.original_file_name} cannot be named: {error}") from error
    return found


async def settle(ctx: JobContext, place: Place, preferred: str = "") -> str:
    """Bring an asset's files to their place. The caller holds the lock.

    Returns:
        The number that the files have there: "", `+1`, ...

    Raises:
        JobFailed: The original is missing or not what was uploaded, or the place is not below `library`.
    """
    number = place.number
    if place.is_settled and number is not None:
        return number
    place = await _present(ctx, place)
    if number is not None:
        await _try(ctx, place, number)
        return number
    for number, paths in disk.free(place.candidates(preferred)):
        if await ctx.in_thread(_leads_out, paths, place.folder):
            raise JobFailed(f"a link leads out of {place.folder}; nothing is moved through it")
        if not await store.is_original(ctx.host.db, ctx.host.files.media_root, paths[0]) and await _try(
            ctx, place, number
        ):
            return number
    raise AssertionError  # there is always another number


async def _present(ctx: JobContext, place: Place) -> Place:
    """The place, without a sidecar that is not there."""
    if not await ctx.in_thread(place.asset.path.is_file):
        raise JobFailed(f"the file of {place.asset.original_file_name} is missing: {place.asset.path}")
    if place.sidecar is not None and not await ctx.in_thread(place.sidecar.is_file):
        return replace(place, sidecar=None)
    return place


async def _try(ctx: JobContext, place: Place, number: str) -> bool:
    """Move to this number; False where it is taken."""
    asset = place.asset
    checksum = await store.checksum_of(ctx.host.db, asset.id)
    parts = [
        Part(uuid4(), asset.id, "original", old, new, checksum)
        if old == asset.path
        else Part(uuid4(), asset.id, "sidecar", old, new)
        for old, new in place.files(number)
    ]
    if not parts:
        return True
    verify = ctx.host.settings(StorageTemplate).hash_verification_enabled
    try:
        await moving.move(ctx, asset.id, parts, verify=verify)
    except FileExistsError:
        return False
    except disk.Changed as error:
        raise JobFailed(str(error)) from error
    return True


def _leads_out(paths: list[Path], folder: Path) -> bool:
    return not all(disk.is_inside(path, folder.parent) for path in paths)


def _beside(original: Path) -> Path:
    return original.with_name(f"{original.name}.xmp")


async def _sidecar(host: Host, asset_id: UUID) -> Path | None:
    files = await host.files.of_asset(asset_id)
    return next((file.path for file in files if file.type == "sidecar" and not file.is_edited), None)


async def _size(host: Host, asset: AssetRow) -> int | None:
    exif = await host.assets.exif(asset.id)
    return exif["file_size_in_byte"] if exif else None


async def _subject(host: Host, asset: AssetRow, template: Template) -> Subject:
    exif = await host.assets.exif(asset.id) or {}
    return Subject(
        asset_id=asset.id,
        filename=stem_of(asset.original_file_name),
        ext="",
        is_image=True,
        created=asset.file_created_at,
        make=exif.get("make") or "",
        model=exif.get("model") or "",
        lens_model=exif.get("lens_model") or "",
        album=await _album(host, asset.id, template),
    )


async def _album(host: Host, asset_id: UUID, template: Template) -> Album | None:
    if not any(each.startswith("album") for each in template.names()):
        return None
    values = await host.gather("storage_template_values", asset_ids=[asset_id])
    found = values.get("album", {}).get(asset_id)
    return None if found is None else Album(found["name"], found["start"], found["end"])
