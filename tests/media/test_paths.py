import asyncio
from uuid import UUID, uuid4

import pytest

from immich_host.media.paths import FOLDERS, BadPath, MediaPaths, RootUnusable, move
from immich_host.media.types import content_type_of, is_sidecar, kind_of

OWNER = UUID("11111111-1111-4111-8111-111111111111")


def test_the_six_folders_have_their_markers(paths):
    for folder in FOLDERS:
        assert (paths.root / folder / ".immich").is_file()
    assert (paths.root / "incoming").is_dir()


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "upload").write_text("a file where a folder should be")
    with pytest.raises(RootUnusable, match="upload"):
        MediaPaths(tmp_path).prepare()


def test_names_are_sharded_by_their_own_characters(paths):
    upload = paths.upload(OWNER, ".jpg")
    assert upload.relative_to(paths.root).parts[:2] == ("upload", str(OWNER))
    assert upload.parts[-3:-1] == (upload.name[:2], upload.name[2:4])
    thumb = paths.derived("thumbs", OWNER, "abcd1234_preview.jpeg")
    assert paths.relative(thumb) == f"thumbs/{OWNER}/ab/cd/abcd1234_preview.jpeg"
    assert paths.profile(OWNER, ".webp").parent == paths.root / "profile" / str(OWNER)


@pytest.mark.parametrize("stored", ["../x", "upload/../../x", "/etc/passwd", "", "upload/a\0b", "thumbs/.."])
def test_paths_that_lead_out_are_refused(paths, stored):
    with pytest.raises(BadPath):
        paths.absolute(stored)


def test_a_link_that_leads_out_is_refused(paths, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("x")
    (paths.root / "upload" / "hole").symlink_to(outside)
    (paths.root / "upload" / "file").symlink_to(outside / "secret")
    for stored in ("upload/hole/secret", "upload/file"):
        with pytest.raises(BadPath):
            paths.absolute(stored)
    with pytest.raises(BadPath):
        paths.relative(paths.root / "upload" / "hole" / "secret")


def test_one_of_the_six_folders_may_be_on_another_disk(tmp_path):
    other = tmp_path / "ssd"
    other.mkdir()
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "thumbs").symlink_to(other)
    paths = MediaPaths(tmp_path / "media")
    paths.prepare()
    assert paths.absolute("thumbs/a/b.webp") == paths.root / "thumbs/a/b.webp"


def test_external_files_lie_where_they_are(paths):
    assert str(paths.absolute("/mnt/photos/a.jpg", external=True)) == "/mnt/photos/a.jpg"
    assert paths.shown("/mnt/photos/a.jpg") == "/mnt/photos/a.jpg"
    assert paths.shown("upload/a.jpg") == f"{paths.root}/upload/a.jpg"


def test_rows_hold_only_what_is_below_the_root(paths, tmp_path):
    with pytest.raises(BadPath):
        paths.relative(tmp_path / "elsewhere.jpg")
    with pytest.raises(BadPath):
        paths.derived("thumbs", OWNER, "../../x")


def test_a_moved_root_needs_no_rewriting(paths, tmp_path):
    file = paths.upload(OWNER, ".jpg")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"photo")
    stored = paths.relative(file)
    paths.root.rename(tmp_path / "moved")
    assert MediaPaths(tmp_path / "moved").absolute(stored).read_bytes() == b"photo"


async def test_writing_replaces_at_once_or_not_at_all(paths):
    target = paths.derived("thumbs", OWNER, f"{uuid4()}_preview.jpeg")
    async with paths.writing(target) as temporary:
        assert temporary.suffix == ".jpeg"
        await asyncio.to_thread(temporary.write_bytes, b"one")
        assert not target.exists()
    assert target.read_bytes() == b"one"

    async def fail():
        async with paths.writing(target) as temporary:
            temporary.write_bytes(b"two")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert target.read_bytes() == b"one"
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_moving_to_another_file_system_copies(paths, tmp_path, monkeypatch):
    source = tmp_path / "a"
    source.write_bytes(b"bytes")
    target = paths.upload(OWNER, ".bin")
    real = type(source).replace

    def across(self, other):
        if self == source:
            raise OSError(18, "Invalid cross-device link")
        return real(self, other)

    monkeypatch.setattr(type(source), "replace", across)
    move(source, target)
    assert target.read_bytes() == b"bytes"
    assert not source.exists()


@pytest.mark.parametrize(
    ("name", "kind", "content_type"),
    [
        ("a.JPG", "IMAGE", "image/jpeg"),
        ("a.heic", "IMAGE", "image/heic"),
        ("a.b.nef", "IMAGE", "image/nef"),
        ("a.MOV", "VIDEO", "video/quicktime"),
        ("a.txt", None, "application/octet-stream"),
        ("jpg", None, "application/octet-stream"),
        (".jpg", None, "application/octet-stream"),
        ("a.jpg.", None, "application/octet-stream"),
        ("..jpg", "IMAGE", "image/jpeg"),
        ("folder.jpg/a", None, "application/octet-stream"),
    ],
)
def test_the_extension_decides(name, kind, content_type):
    assert kind_of(name) == kind
    assert content_type_of(name) == content_type
    assert not is_sidecar(name)
    assert is_sidecar("a.jpg.XMP")


async def test_what_a_killed_writer_left_goes_with_the_next_one(paths):
    target = paths.derived("thumbs", OWNER, "abcd[1]_preview.jpeg")
    target.parent.mkdir(parents=True)
    target.with_name(f".{target.stem}.{uuid4().hex}.jpeg").write_bytes(b"half")
    other = target.with_name(f".abce_preview.{uuid4().hex}.jpeg")
    other.write_bytes(b"of another file")
    async with paths.writing(target) as temporary:
        temporary.write_bytes(b"whole")
    assert {path.name for path in target.parent.iterdir()} == {target.name, other.name}
