"""The phone of these tests notices what would break a real one."""

import json
from typing import Any
from uuid import uuid4

import pytest

from immich_host.sync.types import RETIRED, SyncEntityType, SyncRequestType
from tests.clients.phone import REQUESTS, Line
from tests.clients.phone_copy import CONTROL, GONE, ROWS, SCHEMAS, Copy
from tests.clients.phone_schemas import faults, schemas

UPDATE = "019ab000-0000-7000-8000-000000000000"

# old forms, which no stream sends any more
OLD = {
    kind for kind in SyncEntityType if kind.startswith(("Asset", "Partner", "Album")) and f"{kind[:-1]}2" in ROWS
} - {"AlbumV1"}

needs_contract = pytest.mark.skipif(not schemas(), reason="the contract is not beside this checkout")


@pytest.fixture
def copy() -> Any:
    made = Copy()
    yield made
    made.close()


def put(copy: Copy, kind: str, **data: Any) -> str:
    """Take over a line; only what keys and references need is given. Answers its id."""
    data.setdefault("id", str(uuid4()))
    copy.apply(kind, [data])
    return data["id"]


def test_it_knows_every_line_that_there_is() -> None:
    assert {*ROWS, *GONE, *CONTROL} | OLD == set(SyncEntityType)
    assert {f"{name[:-1]}2" for name in RETIRED} <= set(REQUESTS)
    assert set(REQUESTS) | RETIRED | {"AlbumsV1"} == set(SyncRequestType)


@needs_contract
def test_every_line_has_its_schema() -> None:
    assert {kind for kind, schema in SCHEMAS.items() if schema not in schemas()} == set()
    used = set(SCHEMAS.values()) | {"SyncAssetV1", "SyncAssetFaceV1"}
    lines = {name for name in schemas() if name.startswith("Sync") and name.endswith(("V1", "V2"))}
    assert lines - used == set()


@needs_contract
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"id": "1"}, "does not match its pattern"),
        ({"name": None}, "is no string"),
        ({"hasProfileImage": "yes"}, "is no boolean"),
        ({"avatarColor": "mauve"}, "is none of"),
        ({"profileChangedAt": "2024-05-01"}, "does not match its pattern"),
        ({"more": 1}, "more is unknown"),
    ],
)
def test_a_line_that_is_not_as_its_schema_says(change: dict[str, Any], fault: str) -> None:
    user = {
        "id": str(uuid4()), "name": "Ann", "email": "ann@host.test", "avatarColor": None, "deletedAt": None,
        "hasProfileImage": False, "profileChangedAt": "2024-05-01T10:11:12.345Z",
    }  # fmt: skip
    assert faults("SyncUserV1", user) == []
    assert Line.read(json.dumps({"type": "UserV1", "data": user, "ack": f"UserV1|{UPDATE}"})).data == user
    (found,) = faults("SyncUserV1", user | change)
    assert fault in found
    with pytest.raises(AssertionError, match="UserV1"):
        Line.read(json.dumps({"type": "UserV1", "data": user | change, "ack": f"UserV1|{UPDATE}"}))
    del user["email"]
    assert faults("SyncUserV1", user) == ["SyncUserV1: email is missing"]


@pytest.mark.parametrize("ack", [f"AssetV2|{UPDATE}", "UserDeleteV1|5e5e1e8c-6c5d-4f0a-9d5e-0a5a7f1b2c3d"])
def test_a_line_that_cannot_be_confirmed(ack: str) -> None:
    with pytest.raises(AssertionError):
        Line.read(json.dumps({"type": "UserDeleteV1", "data": {"userId": str(uuid4())}, "ack": ack}))


def test_nothing_comes_before_what_it_hangs_on(copy: Copy) -> None:
    nobody, nothing = str(uuid4()), str(uuid4())
    user = put(copy, "UserV1")
    asset = put(copy, "AssetV2", ownerId=user)
    for kind, data in (
        ("AssetV2", {"ownerId": nobody}),
        ("PartnerAssetBackfillV2", {"ownerId": nobody}),
        ("PartnerV1", {"sharedById": user, "sharedWithId": nobody}),
        ("AlbumV2", {"thumbnailAssetId": nothing}),
        ("AlbumToAssetV1", {"albumId": nothing, "assetId": asset}),
        ("MemoryToAssetV1", {"memoryId": nothing, "assetId": asset}),
        ("AssetFaceV2", {"assetId": asset, "personId": nothing}),
        ("PersonV1", {"ownerId": nobody}),
        ("AssetExifV1", {"assetId": nothing}),
    ):
        with pytest.raises(AssertionError, match="before what it hangs on"):
            put(copy, kind, **data)
    assert copy.count() == {"user": 1, "asset": 1}


def test_a_run_is_taken_over_as_a_whole_or_not_at_all(copy: Copy) -> None:
    user = put(copy, "UserV1")
    lines = [{"id": str(uuid4()), "ownerId": owner} for owner in (user, str(uuid4()))]
    with pytest.raises(AssertionError):
        copy.apply("AssetV2", lines)
    assert copy.count() == {"user": 1}


def test_what_hangs_on_a_row_goes_with_it(copy: Copy) -> None:
    user = put(copy, "UserV1")
    asset, kept = put(copy, "AssetV2", ownerId=user), put(copy, "AssetV2", ownerId=user, stackId=str(uuid4()))
    album, memory = put(copy, "AlbumV2", thumbnailAssetId=asset), put(copy, "MemoryV1", ownerId=user)
    person = put(copy, "PersonV1", ownerId=user)
    put(copy, "AlbumToAssetV1", albumId=album, assetId=asset)
    put(copy, "MemoryToAssetV1", memoryId=memory, assetId=asset)
    put(copy, "AssetExifV1", assetId=asset)
    put(copy, "AssetFaceV2", assetId=kept, personId=person)
    put(copy, "AssetOcrV1", id="line", assetId=kept)
    copy.apply("AssetDeleteV1", [{"assetId": asset}])
    copy.apply("PersonDeleteV1", [{"personId": person}])
    assert copy.count() == {"user": 1, "asset": 1, "album": 1, "memory": 1, "face": 1, "ocr": 1}
    copy.apply("AssetOcrDeleteV1", [{"id": "line", "assetId": kept, "deletedAt": "now"}])
    copy.apply("AlbumDeleteV1", [{"albumId": album}])
    assert copy.count() == {"user": 1, "asset": 1, "memory": 1, "face": 1}
    copy.apply("UserDeleteV1", [{"userId": user}])
    assert copy.count() == {}


def test_lines_may_come_again_and_the_last_counts(copy: Copy) -> None:
    user = put(copy, "UserV1")
    asset = put(copy, "AlbumAssetCreateV2", ownerId=user, name="old")
    put(copy, "AssetExifV1", assetId=asset)
    for kind in ("AlbumAssetUpdateV2", "AlbumAssetBackfillV2", "PartnerAssetV2"):
        put(copy, kind, id=asset, ownerId=user, name=kind)
        assert copy.find("asset", asset) == {"id": asset, "ownerId": user, "name": kind}
    assert copy.count() == {"user": 1, "asset": 1, "exif": 1}
    with pytest.raises(AssertionError, match="never sent"):
        put(copy, "AlbumAssetUpdateV2", ownerId=user)
    for _ in range(2):
        copy.apply("AssetDeleteV1", [{"assetId": asset}])


def test_what_nobody_shows_any_more_is_let_go_in_the_end(copy: Copy) -> None:
    me, ann, ben = [put(copy, "UserV1") for _ in range(3)]
    put(copy, "AuthUserV1", id=me)
    mine, of_ann, of_ben, shared = [put(copy, "AssetV2", ownerId=owner) for owner in (me, ann, ben, ben)]
    copy.apply("PartnerV1", [{"sharedById": ann, "sharedWithId": me}, {"sharedById": me, "sharedWithId": ben}])
    album = put(copy, "AlbumV2", thumbnailAssetId=shared)
    put(copy, "AlbumToAssetV1", albumId=album, assetId=shared)
    copy.apply("SyncCompleteV1", [{}])
    assert {row["id"] for row in copy.rows("asset")} == {mine, of_ann, shared}
    copy.apply("PartnerDeleteV1", [{"sharedById": ann, "sharedWithId": me}])
    copy.apply("AlbumToAssetDeleteV1", [{"albumId": album, "assetId": shared}])
    copy.apply("SyncCompleteV1", [{}])
    assert {row["id"] for row in copy.rows("asset")} == {mine}
    assert of_ben not in str(copy.rows("asset"))


def test_lines_of_types_to_come_are_ignored(copy: Copy) -> None:
    copy.apply("CloudV1", [{"id": "1"}])
    copy.apply("SyncAckV1", [{}])
    assert (copy.ignored, copy.count()) == (["CloudV1"], {})


def test_everything_is_forgotten_at_once(copy: Copy) -> None:
    user = put(copy, "UserV1")
    asset = put(copy, "AssetV2", ownerId=user)
    put(copy, "AlbumV2", thumbnailAssetId=asset)
    copy.forget()
    assert copy.count() == {}
