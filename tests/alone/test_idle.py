"""What clients ask of plugins while they start: the host answers for those that are not there."""

from typing import Any

import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

ID = "58752769-fe36-4239-9c88-fae0a7c477d6"
OWN = {"trash", "passwordLogin"}
EMPTY = [
    "/notifications", "/memories", "/partners?direction=shared-by", "/tags", f"/activities?albumId={ID}",
    f"/faces?id={ID}", f"/assets/{ID}/ocr", "/stacks", "/duplicates", "/map/markers",
]  # fmt: skip


@pytest.mark.parametrize("path", EMPTY)
async def test_lists_are_empty(alone: RunningHost, path: str) -> None:
    client = await alone.client()
    assert expect(await client.get(f"/api{path}"), 200) == []


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/people", {"people": [], "total": 0, "hidden": 0, "hasNextPage": False}),
        ("/activities/statistics", {"comments": 0, "likes": 0}),
    ],
)
async def test_counts_are_zero(alone: RunningHost, path: str, answer: Any) -> None:
    client = await alone.client()
    assert expect(await client.get(f"/api{path}"), 200) == answer


async def test_nothing_to_explore_and_no_storage_template(alone: RunningHost) -> None:
    client = await alone.client()
    groups = expect(await client.get("/api/search/explore"), 200)
    assert [group["items"] for group in groups] == [[], []]
    options = expect(await client.get("/api/system-config/storage-template-options"), 200)
    assert set(map(bool, options.values())) == {False}


@pytest.mark.parametrize("path", ["/albums", "/search/metadata", "/libraries", "/plugins/faces/models"])
async def test_what_is_not_there_is_not_found(alone: RunningHost, path: str) -> None:
    client = await alone.client()
    assert expect(await client.post(f"/api{path}", json={}), 404) == {"message": "Not Found"}


async def test_only_the_hosts_own_features_are_on(alone: RunningHost) -> None:
    features = expect(await alone.anonymous().get("/api/server/features"), 200)
    assert {name for name, able in features.items() if able} == OWN


async def test_the_configuration_has_every_section_with_its_defaults(alone: RunningHost) -> None:
    client = await alone.client()
    config = expect(await client.get("/api/system-config"), 200)
    assert expect(await client.get("/api/system-config/defaults"), 200) == config
    assert {
        "backup", "ffmpeg", "image", "job", "library", "logging", "machineLearning", "map", "metadata",
        "newVersionCheck", "nightlyTasks", "notifications", "oauth", "passwordLogin", "reverseGeocoding", "server",
        "storageTemplate", "templates", "theme", "trash", "user",
    } <= set(config)  # fmt: skip
    assert config["image"]["preview"]["size"] == 1440
    assert config["storageTemplate"]["enabled"] is False


async def test_sections_of_absent_plugins_can_be_changed_and_are_kept(alone: RunningHost) -> None:
    client = await alone.client()
    config = expect(await client.get("/api/system-config"), 200)
    config["image"]["preview"]["size"] = 2160
    assert expect(await client.put("/api/system-config", json=config), 200)["image"]["preview"]["size"] == 2160
    config["image"]["preview"]["size"] = 1440
    expect(await client.put("/api/system-config", json=config), 200)


async def test_every_queue_is_idle(alone: RunningHost) -> None:
    client = await alone.client()
    await alone.upload(b"queues", name="queues.jpg")
    await alone.drain()
    queues = expect(await client.get("/api/queues"), 200)
    assert {"thumbnailGeneration", "metadataExtraction", "faceDetection", "backgroundTask"} <= {
        queue["name"] for queue in queues
    }
    assert [sum(queue["statistics"].values()) for queue in queues] == [0] * len(queues)
    expect(await client.put("/api/jobs/thumbnailGeneration", json={"command": "start", "force": True}), 200)
    await alone.drain()
    assert expect(await client.get("/api/queues/thumbnailGeneration/jobs"), 200) == []


async def test_addresses_outside_the_api(alone: RunningHost) -> None:
    anonymous = alone.anonymous()
    assert expect(await anonymous.get("/.well-known/immich"), 200) == {"api": {"endpoint": "/api"}}
    css = await anonymous.get("/custom.css")
    assert (css.status_code, css.headers["content-type"], css.content) == (200, "text/css; charset=utf-8", b"")
    page = await anonymous.get("/")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await anonymous.get("/api/docs")).status_code == 200


async def test_the_document_describes_what_is_served(alone: RunningHost) -> None:
    document = expect(await alone.anonymous().get("/api/openapi.json"), 200)
    assert document["openapi"].startswith("3.")
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert {("POST", "/assets"), ("GET", "/timeline/bucket"), ("GET", "/tags")} <= described
    assert ("POST", "/tags") not in described
    references = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            references.update([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references <= known
