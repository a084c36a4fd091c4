"""Tags as clients make, change and delete them."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from immich_host.plugin_api import Caller
from immich_host.testing import RunningHost
from immich_host.testing.host import expect


async def test_paths_are_made_with_what_is_above_them(someone: Any) -> None:
    body = {"tags": ["b/c/d", " b / c", "a", "a"]}
    made = expect(await someone.client.put("/api/tags", json=body), 200)
    assert [one["value"] for one in made] == ["b/c/d", "b/c", "a"]
    listed = expect(await someone.client.get("/api/tags"), 200)
    assert [one["value"] for one in listed] == ["a", "b", "b/c", "b/c/d"]
    by_value = {one["value"]: one for one in listed}
    assert by_value["b/c/d"]["name"] == "d"
    assert by_value["b/c/d"]["parentId"] == by_value["b/c"]["id"]
    assert "parentId" not in by_value["b"]
    assert "color" not in by_value["b"]
    assert expect(await someone.client.put("/api/tags", json=body), 200) == made
    assert expect(await someone.client.get(f"/api/tags/{by_value['a']['id']}"), 200) == by_value["a"]
    assert expect(await someone.client.put("/api/tags", json={"tags": []}), 200) == []


async def test_a_tag_is_listed_as_it_is_answered_alone(someone: Any) -> None:
    for path in ("Ünder/\u0301x", 'say "hi"\\/back\\slash', "a\tb\nc/d\ne", "null/\U0001f600", "<\u2028>"):
        await someone.tag(path)
    expect(await someone.client.post("/api/tags", json={"name": "red", "color": "#ff000080"}), 201)
    listed = expect(await someone.client.get("/api/tags"), 200)
    assert len(listed) == 10
    assert [one["color"] for one in listed if "color" in one] == ["#ff000080"]
    assert {"back\\slash", "d\ne"} < {one["name"] for one in listed}
    for one in listed:
        assert one == expect(await someone.client.get(f"/api/tags/{one['id']}"), 200)


async def test_the_tags_of_assets_in_long_lists_are_the_same(someone: Any, house: RunningHost) -> None:
    asset_id, other = await someone.photo(), await someone.photo()
    red = expect(await someone.client.post("/api/tags", json={"name": "red", "color": "#ff000080"}), 201)["id"]
    tags = [await someone.tag('Ünder/say "hi"'), await someone.tag("a"), red]
    for tag in tags:
        await someone.give(tag, asset_id)
    texts = {(await someone.client.get(f"/api/tags/{tag}")).text for tag in tags}
    inside = sorted(texts, key=lambda text: json.loads(text)["value"])
    caller = Caller(someone.id, "", "", is_admin=False)
    found = await house.kernel.assets.answers_json(caller, [asset_id, other])
    assert f'"tags":[{",".join(inside)}]' in found[asset_id]
    assert '"tags":[]' in found[other]
    assert await someone.tags_of(asset_id) == [json.loads(text)["value"] for text in inside]


async def test_a_tag_is_made_once(someone: Any) -> None:
    async def make(status: int, **body: Any) -> Any:
        return expect(await someone.client.post("/api/tags", json=body), status)

    top = await make(201, name=" Trips ", color="4488ff")
    assert (top["value"], top["color"]) == ("Trips", "#4488ff")
    below = await make(201, name="Alps", parentId=top["id"], color=None)
    assert (below["value"], below["parentId"]) == ("Trips/Alps", top["id"])
    deep = await make(201, name="2024/May", parentId=top["id"])
    assert (deep["value"], deep["name"]) == ("Trips/2024/May", "May")
    assert (await make(400, name="Trips"))["message"] == "A tag with that name already exists"
    await make(400, name="Alps", parentId=top["id"])
    assert await someone.values() == ["Trips", "Trips/2024", "Trips/2024/May", "Trips/Alps"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {}),
        ("POST", "", {"name": ""}),
        ("POST", "", {"name": " / "}),
        ("POST", "", {"name": "a", "color": "red"}),
        ("POST", "", {"name": "a", "parentId": "a"}),
        ("POST", "", {"name": "a", "parentId": str(uuid4())}),
        ("POST", "", {"name": "x" * 2001}),
        ("POST", "", {"name": "/".join("x" * 51)}),
        ("PUT", "", {"tags": ["ok", " "]}),
        ("PUT", "", {"tags": "a"}),
        ("PUT", "", {}),
        ("PUT", "/{id}", {"name": "a/b"}),
        ("PUT", "/{id}", {"name": " "}),
        ("PUT", "/{id}", {"name": None}),
        ("PUT", "/{id}", {"color": "#12345"}),
        ("PUT", "/{id}", {"name": "x" * 2001}),
        ("PUT", "/assets", {"tagIds": ["a"], "assetIds": []}),
        ("PUT", "/{id}/assets", {}),
    ],
)
async def test_bad_input_changes_nothing(someone: Any, method: str, path: str, body: dict[str, Any]) -> None:
    tag_id = await someone.tag("tag")
    answer = await someone.client.request(method, f"/api/tags{path.replace('{id}', tag_id)}", json=body)
    assert expect(answer, 400)["message"]
    assert await someone.values() == ["tag"]


async def test_a_colour_comes_and_goes(someone: Any) -> None:
    url = f"/api/tags/{await someone.tag('a')}"
    assert expect(await someone.client.put(url, json={"color": "abc"}), 200)["color"] == "#abc"
    assert expect(await someone.client.put(url, json={}), 200)["color"] == "#abc"
    assert expect(await someone.client.put(url, json={"name": "b"}), 200)["color"] == "#abc"
    assert "color" not in expect(await someone.client.put(url, json={"color": None}), 200)


async def test_renaming_takes_along_what_is_below(someone: Any) -> None:
    await someone.client.put("/api/tags", json={"tags": ["a/b/c", "a/bb", "x", "a/y"]})
    tag_id = await someone.tag("a/b")
    renamed = expect(await someone.client.put(f"/api/tags/{tag_id}", json={"name": " B "}), 200)
    assert (renamed["id"], renamed["name"], renamed["value"]) == (tag_id, "B", "a/B")
    assert await someone.values() == sorted(["a", "a/B", "a/B/c", "a/bb", "a/y", "x"])
    answer = await someone.client.put(f"/api/tags/{tag_id}", json={"name": "y"})
    assert expect(answer, 400)["message"] == "A tag with that name already exists"
    assert expect(await someone.client.put(f"/api/tags/{tag_id}", json={"name": "B"}), 200)["value"] == "a/B"
    # what is made below it now lies there
    await someone.tag("a/B/d")
    expect(await someone.client.delete(f"/api/tags/{tag_id}"), 204)
    assert await someone.values() == ["a", "a/bb", "a/y", "x"]


async def test_deleting_takes_along_what_is_below(someone: Any) -> None:
    await someone.client.put("/api/tags", json={"tags": ["a/b/c", "ab"]})
    tag_id = await someone.tag("a")
    expect(await someone.client.delete(f"/api/tags/{tag_id}"), 204)
    assert await someone.values() == ["ab"]
    expect(await someone.client.delete(f"/api/tags/{tag_id}"), 400)
    expect(await someone.client.get(f"/api/tags/{tag_id}"), 400)


async def test_many_at_once_make_each_tag_once(someone: Any, house: RunningHost) -> None:
    paths = ["a/b/c", "a/b/d", "a/e", "a", "a/b/c"]
    answers = await asyncio.gather(*(someone.client.put("/api/tags", json={"tags": [path]}) for path in paths * 3))
    ids = [(path, expect(answer, 200)[0]["id"]) for path, answer in zip(paths * 3, answers, strict=True)]
    assert len(set(ids)) == 4
    assert await someone.values() == ["a", "a/b", "a/b/c", "a/b/d", "a/e"]
    created = await asyncio.gather(*(someone.client.post("/api/tags", json={"name": "new"}) for _ in range(5)))
    assert sorted(answer.status_code for answer in created) == [201, 400, 400, 400, 400]
    closure = await house.kernel.db.fetch(
        "SELECT a.value AS above, d.value AS below FROM tag_closure c JOIN tag a ON a.id = c.id_ancestor "
        "JOIN tag d ON d.id = c.id_descendant WHERE a.user_id = $1",
        someone.id,
    )
    values = await someone.values()
    expected = {(above, below) for above in values for below in values if f"{below}/".startswith(f"{above}/")}
    assert {(row["above"], row["below"]) for row in closure} == expected


async def test_names_are_each_users_own(user: Any) -> None:
    ann, ben = await user("ann"), await user("ben")
    hers, his = await ann.tag("shared name"), await ben.tag("shared name")
    assert hers != his
    expect(await ann.client.delete(f"/api/tags/{hers}"), 204)
    assert "shared name" in await ben.values()


async def test_the_idle_answer_is_replaced_while_it_is_on(someone: Any, house: RunningHost) -> None:
    await someone.tag("a")
    await house.turn_off("tags")
    assert await someone.values() == []
    expect(await someone.client.put("/api/tags", json={"tags": ["b"]}), 404)
    await house.turn_on("tags")
    assert await someone.values() == ["a"]
