"""Photos with a video: the two lie side by side."""

from uuid import UUID

from .conftest import Library

LATER = "2025-06-07T08:09:10.000Z"


async def pair(library: Library, name: str = "IMG_1") -> tuple[UUID, UUID]:
    video = await library.upload(name="other.MOV", visibility="hidden", fileCreatedAt=LATER)
    still = await library.upload(name=f"{name}.HEIC", livePhotoVideoId=video)
    return still, video


async def test_the_video_takes_date_and_name_of_its_photo(library: Library) -> None:
    await library.use("{{y}}/{{MM}}/{{filename}}")
    still, video = await pair(library)
    assert await library.below(still) == "2024/05/IMG_1.heic"
    assert await library.below(video) == "2024/05/IMG_1.mov"
    await library.check()


async def test_the_video_takes_the_number_of_its_photo(library: Library) -> None:
    await library.use("{{filename}}")
    first = await library.upload(name="IMG_1.HEIC")
    still, video = await pair(library)
    assert await library.below(first) == "IMG_1.heic"
    assert await library.below(still) == "IMG_1+1.heic"
    assert await library.below(video) == "IMG_1+1.mov"
    await library.migrate()
    assert await library.below(video) == "IMG_1+1.mov"
    await library.check()


async def test_a_video_that_is_linked_late_follows(library: Library) -> None:
    await library.use("{{y}}/{{filename}}")
    still = await library.upload(name="IMG_1.HEIC")
    video = await library.upload(name="other.MOV", fileCreatedAt=LATER)
    assert await library.below(video) == "2025/other.mov"
    await library.host.kernel.assets.update(still, live_photo_video_id=video)
    await library.host.kernel.assets.update(video, visibility="hidden")
    await library.move(video)
    assert await library.below(video) == "2024/IMG_1.mov"
    assert not (await library.folder_of() / "2025").exists()
    await library.check()


async def test_a_hidden_video_without_a_photo_stays(library: Library) -> None:
    await library.use("{{y}}/{{filename}}")
    video = await library.upload(name="a.mov", visibility="hidden")
    assert (await library.path(video)).is_relative_to(library.root / "upload")
    await library.check()


async def test_a_video_taken_out_of_a_motion_photo_stays(library: Library) -> None:
    still, video = await pair(library)
    part = library.host.kernel.files.derived_path("encoded-video", await library.host.user_id(), f"{video}-MP.mp4")
    part.parent.mkdir(parents=True)
    (await library.path(video)).rename(part)
    await library.host.kernel.assets.update(video, original_path=str(part.relative_to(library.root)))
    await library.use("{{y}}/{{filename}}")
    await library.migrate()
    await library.move(video)
    assert await library.below(still) == "2024/IMG_1.heic"
    assert await library.path(video) == part
    assert part.exists()
