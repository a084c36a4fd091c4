"""Who may ask what of somebody else's things: one row for each route that names an object."""

from dataclasses import dataclass, field
from typing import Any

CALLERS = (
    *("anonymous", "stranger", "partner", "viewer", "editor", "owner", "elevated", "key"),
    *("link", "album_link", "opened_link", "closed_link"),
)
"""Nobody; an account that nothing is shared with; one that the library is shared with; two members of the album; the
owner in a session that is not unlocked, in one that is, and by an API key; visitors by a link to the photo, by one to
the album, by one with a password that was given, and that was not."""

OWN = "owner elevated key"
MEMBERS = f"{OWN} viewer editor"
LINKS = "link album_link opened_link"
ALL_WHO_SEE = f"{MEMBERS} partner {LINKS}"


@dataclass(frozen=True)
class Row:
    """A request, and who is not turned down.

    Args:
        request: Method and path below /api, with words for ids.
        allowed: Names of callers.
        body: JSON.
        refused: Status for whoever has signed in and may not.
        missing: A status that says that it was allowed, but that there is nothing (no thumbnail was made).
        is_link: Whether visitors by links may ask at all.
        spends: Whether it can be done once only (as what is deleted).
        is_bulk: Whether the answer says for each id whether it was allowed.
    """

    request: str
    allowed: str
    body: dict[str, Any] | None = field(default=None, hash=False)
    refused: int = 400
    missing: int | None = None
    is_link: bool = False
    is_bulk: bool = False
    spends: bool = False


def seen(request: str, allowed: str, **options: Any) -> Row:
    return Row(request, allowed, is_link=True, **options)


ASSETS = (
    seen("GET /assets/{photo}", ALL_WHO_SEE),
    seen("GET /assets/{private}", f"{OWN} partner"),
    seen("GET /assets/{locked}", "elevated"),
    seen("GET /assets/{trashed}", OWN),
    seen("GET /assets/{theirs}", "stranger"),
    seen("GET /assets/{photo}/thumbnail", ALL_WHO_SEE, missing=404),
    seen("GET /assets/{private}/thumbnail", f"{OWN} partner", missing=404),
    seen("GET /assets/{locked}/thumbnail", "elevated", missing=404),
    seen("GET /assets/{photo}/original", ALL_WHO_SEE, refused=404),
    seen("GET /assets/{private}/original", f"{OWN} partner", refused=404),
    seen("GET /assets/{locked}/original", "elevated", refused=404),
    seen("GET /assets/{clip}/video/playback", ALL_WHO_SEE, refused=404),
    Row("GET /assets/{photo}/metadata", f"{MEMBERS} partner"),
    Row("GET /assets/{locked}/metadata", "elevated"),
    Row("PUT /assets/{photo}/metadata", OWN, {"items": [{"key": "test", "value": {}}]}),
    Row("GET /assets/{photo}/metadata/{given}", f"{MEMBERS} partner"),
    Row("DELETE /assets/{photo}/metadata/{given}", OWN),
    Row("PUT /assets/{photo}", OWN, {"isFavorite": True}),
    Row("PUT /assets/{locked}", "elevated", {"description": "x"}),
    Row("PUT /assets", OWN, {"ids": ["{photo}"], "isFavorite": True}),
    Row("PUT /assets", "elevated", {"ids": ["{locked}"], "description": "x"}),
    Row("DELETE /assets", OWN, {"ids": ["{photo}"]}),
    Row("DELETE /assets", "elevated", {"ids": ["{locked}"]}),
    Row("PUT /assets/copy", OWN, {"sourceId": "{photo}", "targetId": "{private}"}),
    Row("POST /assets/jobs", OWN, {"assetIds": ["{photo}"], "name": "refresh-metadata"}),
    Row("PUT /assets/metadata", OWN, {"items": [{"assetId": "{photo}", "key": "test", "value": {}}]}),
    Row("DELETE /assets/metadata", OWN, {"items": [{"assetId": "{photo}", "key": "test"}]}),
    Row("GET /asset-files?assetId={photo}", OWN),
    Row("GET /asset-files/{file}", OWN),
    Row("GET /asset-files/{file}/download", OWN),
    Row("DELETE /asset-files/{file}", OWN),
    Row("GET /assets/{photo}/ocr", f"{MEMBERS} partner"),
    Row("GET /assets/{photo}/failed-jobs", OWN),
    Row("POST /trash/restore/assets", OWN, {"ids": ["{trashed}"]}, spends=True),
    seen("POST /download/info", ALL_WHO_SEE, body={"assetIds": ["{photo}"]}),
    seen("POST /download/info", "elevated", body={"assetIds": ["{locked}"]}),
    seen("POST /download/info", f"{MEMBERS} album_link", body={"albumId": "{album}"}),
    seen("POST /download/archive", ALL_WHO_SEE, body={"assetIds": ["{photo}"]}),
)

ALBUMS = (
    seen("GET /albums/{album}", f"{MEMBERS} album_link"),
    seen("GET /albums/{album}/map-markers", f"{MEMBERS} album_link"),
    Row("PATCH /albums/{album}", f"{OWN} editor", {"description": "x"}),
    Row("DELETE /albums/{album}", OWN),
    Row("PUT /albums/{album}/assets", f"{OWN}", {"ids": ["{private}"]}, is_bulk=True, spends=True),
    Row("PUT /albums/{album}/assets", "editor", {"ids": ["{editors}"]}, is_bulk=True, spends=True),
    Row("DELETE /albums/{album}/assets", OWN, {"ids": ["{photo}"]}, is_bulk=True, spends=True),
    Row(
        "PUT /albums/{album}/users",
        f"{OWN} editor",
        {"albumUsers": [{"userId": "{partner}", "role": "viewer"}]},
        spends=True,
    ),
    Row("PUT /albums/{album}/user/{viewer}", f"{OWN} editor", {"role": "viewer"}),
    Row("DELETE /albums/{album}/user/{viewer}", f"{MEMBERS}"),
    Row("GET /activities?albumId={album}", MEMBERS),
    Row("GET /activities/statistics?albumId={album}", MEMBERS),
    Row("POST /activities", MEMBERS, {"albumId": "{album}", "type": "comment", "comment": "x"}),
    Row("DELETE /activities/{activity}", OWN),
    seen("GET /timeline/buckets?albumId={album}", f"{MEMBERS} album_link"),
    seen("GET /timeline/bucket?albumId={album}&timeBucket=2024-05-01", f"{MEMBERS} album_link"),
    seen("POST /search/metadata", f"{MEMBERS} album_link", body={"albumIds": ["{album}"]}),
    Row("POST /search/statistics", MEMBERS, {"albumIds": ["{album}"]}),
    Row("POST /search/random", MEMBERS, {"albumIds": ["{album}"]}),
)

SHARING = (
    Row("PUT /partners/{owner}", "partner", {"inTimeline": True}),
    Row("GET /shared-links/{link}", OWN),
    Row("PATCH /shared-links/{link}", OWN, {"description": "x"}),
    Row("DELETE /shared-links/{link}", OWN),
    Row("PUT /shared-links/{link}/assets", OWN, {"assetIds": ["{private}"]}),
    Row("DELETE /shared-links/{link}/assets", OWN, {"assetIds": ["{photo}"]}),
    Row("POST /shared-links", f"{OWN} partner", {"type": "INDIVIDUAL", "assetIds": ["{private}"]}),
    Row("POST /shared-links", f"{OWN} editor", {"type": "ALBUM", "albumId": "{album}"}),
    # whoever comes by a link sees what that shows, whoever they ask about
    seen("GET /timeline/buckets?userId={owner}&visibility=timeline", f"{OWN} partner {LINKS}"),
    seen("GET /timeline/bucket?userId={owner}&timeBucket=2024-05-01&visibility=timeline", f"{OWN} partner {LINKS}"),
)

ORGANISING = (
    Row("GET /stacks/{stack}", OWN),
    Row("PUT /stacks/{stack}", OWN, {"primaryAssetId": "{third}"}),
    Row("DELETE /stacks/{stack}", OWN),
    Row("DELETE /stacks", OWN, {"ids": ["{stack}"]}),
    Row("DELETE /stacks/{stack}/assets/{third}", OWN),
    Row("POST /stacks", OWN, {"assetIds": ["{photo}", "{private}"]}, spends=True),
    Row("GET /tags/{tag}", OWN),
    Row("PUT /tags/{tag}", OWN, {"color": "#112233"}),
    Row("DELETE /tags/{tag}", OWN),
    Row("PUT /tags/{tag}/assets", OWN, {"ids": ["{private}"]}, is_bulk=True, spends=True),
    Row("DELETE /tags/{tag}/assets", OWN, {"ids": ["{photo}"]}, is_bulk=True),
    Row("GET /memories/{memory}", OWN),
    Row("PUT /memories/{memory}", OWN, {"isSaved": True}),
    Row("DELETE /memories/{memory}", OWN),
    Row("PUT /memories/{memory}/assets", OWN, {"ids": ["{private}"]}, is_bulk=True, spends=True),
    Row("DELETE /memories/{memory}/assets", OWN, {"ids": ["{photo}"]}, is_bulk=True, spends=True),
    Row("GET /notifications/{notification}", OWN),
    Row("PUT /notifications/{notification}", OWN, {"readAt": "2026-01-01T00:00:00.000Z"}),
    Row("DELETE /notifications/{notification}", OWN),
    Row("PUT /notifications", OWN, {"ids": ["{notification}"], "readAt": None}),
    Row("DELETE /notifications", OWN, {"ids": ["{notification}"]}),
)

PEOPLE = (
    Row("GET /people/{person}", OWN),
    Row("GET /people/{person}/statistics", OWN),
    Row("GET /people/{person}/thumbnail", OWN, missing=404),
    Row("PUT /people/{person}", OWN, {"name": "Kim K."}),
    Row("DELETE /people/{person}", OWN),
    Row("DELETE /people", OWN, {"ids": ["{person}"]}),
    Row("POST /people/{person}/merge", OWN, {"ids": ["{other_person}"]}, spends=True),
    Row("PUT /people/{person}/reassign", OWN, {"data": [{"assetId": "{photo}", "personId": "{other_person}"}]}),
    Row("GET /faces?id={photo}", f"{MEMBERS} partner"),
    Row("PUT /faces/{other_person}", OWN, {"id": "{face}"}),
    Row("DELETE /faces/{face}", OWN, {"force": True}),
    Row("GET /cluster-groups/{group}/requests", OWN),
    Row("PUT /cluster-groups/{group}/requests", OWN, {"userId": "{partner}"}),
    Row("GET /cluster-groups/{group}/users", OWN),
    Row("POST /cluster-groups/{group}/regenerate-people", OWN),
)

ACCOUNT = (
    Row("GET /api-keys/{api_key}", OWN),
    Row("PUT /api-keys/{api_key}", OWN, {"name": "x", "permissions": ["asset.read"]}),
    Row("POST /api-keys/{api_key}/rotate", OWN),
    Row("DELETE /api-keys/{api_key}", OWN),
    Row("PUT /sessions/{session}", OWN, {"isPendingSyncReset": True}),
    Row("POST /sessions/{session}/lock", OWN),
    Row("DELETE /sessions/{session}", OWN),
)

TABLE = (*ASSETS, *ALBUMS, *SHARING, *ORGANISING, *PEOPLE, *ACCOUNT)

ELSEWHERE = {
    "POST /partners/{id}": "everybody may share their own library with everybody else",
    "DELETE /partners/{id}": "the same, and end it",
    "GET /users/{id}": "every account may know of all others",
    "GET /users/{id}/profile-image": "the same",
    "DELETE /duplicates/{id}": "groups of others are left alone without an error, as are those that are none",
    "DELETE /cluster-groups/requests/{id}": "plugins/faces/tests/test_access.py, as one can be answered once only",
    "POST /cluster-groups/requests/{id}/accept": "the same",
    "POST /cluster-groups/{id}/leave": "the same",
    "GET /assets/{id}/video/stream/main.m3u8": "plugins/transcode/tests: each opens a session of ffmpeg's",
    "GET /assets/{id}/video/stream/{sessionId}/{variantIndex}/playlist.m3u8": "the same",
    "GET /assets/{id}/video/stream/{sessionId}/{variantIndex}/{filename}": "the same",
    "DELETE /assets/{id}/video/stream/{sessionId}": "the same",
}
"""Routes that are not in the table, and why."""
