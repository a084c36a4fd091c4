"""People as clients list, change and delete them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from immich_host.db.database import Database
from immich_host.testing import RunningHost
from immich_host.testing.host import expect

type MakeUser = Callable[[str], Awaitable[Any]]


async def test_a_new_person_is_what_was_asked_for(user: MakeUser) -> None:
    ann = await user("ann")
    asked = {"name": "Zoë", "birthDate": "1980-12-10", "isFavorite": True, "isHidden": True, "color": "#4488ff"}
    made = expect(await ann.client.post("/api/people", json=asked), 201)
    assert {key: made[key] for key in asked} == asked
    assert made["thumbnailPath"] == ""
    assert expect(await ann.client.get(f"/api/people/{made['id']}"), 200) == made
    bare = expect(await ann.client.post("/api/people", json={}), 201)
    assert (bare["name"], bare["birthDate"], bare["isHidden"], bare["isFavorite"]) == ("", None, False, False)
    assert "color" not in bare


@pytest.mark.parametrize(
    "body",
    [
        {"birthDate": (datetime.now(UTC) + timedelta(days=2)).date().isoformat()},
        {"birthDate": "yesterday"},
        {"birthDate": "86400000"},
        {"color": "blue"},
        {"name": 7},
        {"isHidden": "true"},
    ],
)
async def test_what_cannot_be_is_refused(user: MakeUser, body: dict[str, Any]) -> None:
    ann = await user("refused")
    person = await ann.person("Eve")
    for answer in (
        await ann.client.post("/api/people", json=body),
        await ann.client.put(f"/api/people/{person}", json=body),
        await ann.client.put("/api/people", json={"people": [{"id": str(person), **body}]}),
    ):
        said = expect(answer, 400)
        assert said["message"] == "Validation failed"
        assert said["errors"][0]["path"][-1] == next(iter(body))
    assert expect(await ann.client.get(f"/api/people/{person}"), 200)["name"] == "Eve"


async def test_the_list_has_favourites_names_and_the_most_seen_first(user: MakeUser) -> None:
    bob = await user("bob")
    await bob.person("", photos=3)
    await bob.person("rare", photos=1)
    await bob.person("Often", photos=2)
    await bob.person("Ärmel", photos=1)
    await bob.person("hidden", photos=2, isHidden=True)
    await bob.person("liked", photos=1, isFavorite=True)
    await bob.person("", photos=2)
    await bob.person("faceless")
    found = expect(await bob.client.get("/api/people"), 200)
    assert [one["name"] for one in found["people"]] == ["liked", "Often", "Ärmel", "rare", ""]
    assert (found["total"], found["hidden"], found["hasNextPage"]) == (6, 1, False)
    assert await bob.listed(withHidden="true") == ["liked", "Often", "Ärmel", "rare", "", "hidden"]
    expect(await bob.client.put("/api/users/me/preferences", json={"people": {"minimumFaces": 2}}), 200)
    assert await bob.listed() == ["liked", "Often", "Ärmel", "rare", "", ""]


async def test_pages_hold_everybody_once(user: MakeUser) -> None:
    cat = await user("cat")
    for number in range(5):
        await cat.person(f"p{number}", photos=1)
    seen: list[str] = []
    for number, more in ((1, True), (2, True), (3, False)):
        page = expect(await cat.client.get("/api/people", params={"page": number, "size": 2}), 200)
        seen += [one["name"] for one in page["people"]]
        assert (page["total"], page["hasNextPage"]) == (5, more)
    assert seen == [f"p{number}" for number in range(5)]
    beyond = expect(await cat.client.get("/api/people", params={"page": 2**53 - 1, "size": 1000}), 200)
    assert beyond == {"people": [], "total": 5, "hidden": 0, "hasNextPage": False}
    for wrong in ({"page": 0}, {"size": 0}, {"size": 1001}, {"withHidden": "yes"}):
        expect(await cat.client.get("/api/people", params=wrong), 400)


async def test_only_photos_of_the_timeline_count(user: MakeUser) -> None:
    dan = await user("dan")
    person = await dan.person("Kim")
    shown, archived, trashed, twice = [await dan.photo() for _ in range(4)]
    for asset_id in (shown, archived, trashed, twice, twice):
        await dan.face(asset_id, person)
    expect(await dan.client.put(f"/api/assets/{archived}", json={"visibility": "archive"}), 200)
    expect(await dan.client.request("DELETE", "/api/assets", json={"ids": [str(trashed)]}), 204)
    assert expect(await dan.client.get(f"/api/people/{person}/statistics"), 200) == {"assets": 2}
    expect(await dan.client.request("DELETE", "/api/assets", json={"ids": [str(shown), str(twice)]}), 204)
    assert await dan.listed() == []
    assert expect(await dan.client.get(f"/api/people/{person}"), 200)["name"] == "Kim"


async def test_those_who_look_alike_come_first_where_asked(user: MakeUser) -> None:
    eli = await user("eli")
    ids = {}
    for name, vector in (("north", (0, 1)), ("east", (1, 0)), ("north-east", (1, 1))):
        ids[name] = await eli.person(name, photos=0)
        await eli.face(await eli.photo(), ids[name], vector=vector)
    ids["other model"] = await eli.person("other model")
    await eli.face(await eli.photo(), ids["other model"], vector=(1, 0, 0), model="other")
    assert await eli.listed(closestPersonId=str(ids["east"])) == ["east", "north-east", "north", "other model"]
    asset_id = await eli.photo()
    face_id = await eli.face(asset_id, vector=(0.1, 1))
    expected = ["north", "north-east", "east", "other model"]
    assert await eli.listed(closestAssetId=str(face_id)) == expected
    assert await eli.listed(closestAssetId=str(asset_id)) == expected
    assert len(await eli.listed(closestAssetId=str(uuid4()))) == 4
    expect(await eli.client.get("/api/people", params={"closestPersonId": str(uuid4())}), 400)


async def test_one_is_changed_and_what_is_absent_stays(user: MakeUser) -> None:
    fay = await user("fay")
    person = await fay.person("Old", birthDate="1990-01-02", color="#fff")
    changed = expect(await fay.client.put(f"/api/people/{person}", json={"name": "New", "isHidden": True}), 200)
    assert (changed["name"], changed["birthDate"], changed["isHidden"], changed["color"]) == (
        "New", "1990-01-02", True, "#fff",
    )  # fmt: skip
    cleared = expect(await fay.client.put(f"/api/people/{person}", json={"birthDate": None, "color": None}), 200)
    assert (cleared["birthDate"], cleared["name"]) == (None, "New")
    assert "color" not in cleared
    assert expect(await fay.client.put(f"/api/people/{person}", json={}), 200)["name"] == "New"


async def test_many_are_changed_and_each_says_how_it_went(user: MakeUser) -> None:
    gus, other = await user("gus"), await user("gus2")
    first, second, strange, unknown = await gus.person("1"), await gus.person("2"), await other.person("x"), uuid4()
    asset_id = await gus.photo()
    wanted = [
        {"id": str(first), "name": "one"},
        {"id": str(first), "isHidden": True},
        {"id": str(second), "name": "two", "featureFaceAssetId": str(asset_id)},
        {"id": str(strange), "name": "mine"},
        {"id": str(unknown), "name": "mine"},
    ]
    said = expect(await gus.client.put("/api/people", json={"people": wanted}), 200)
    assert [(one["id"], one["success"], one.get("error")) for one in said] == [
        (str(first), True, None),
        (str(second), False, "validation"),
        (str(strange), False, "no_permission"),
        (str(unknown), False, "no_permission"),
    ]
    now = expect(await gus.client.get(f"/api/people/{first}"), 200)
    assert (now["name"], now["isHidden"]) == ("one", True)
    assert expect(await gus.client.get(f"/api/people/{second}"), 200)["name"] == "2"
    assert expect(await other.client.get(f"/api/people/{strange}"), 200)["name"] == "x"


async def test_deleting_leaves_the_faces_to_nobody(user: MakeUser, house: RunningHost) -> None:
    hal = await user("hal")
    gone, kept, more = [await hal.person(name) for name in ("gone", "kept", "more")]
    asset_id = await hal.photo()
    face_id = await hal.face(asset_id, gone)
    expect(await hal.client.put(f"/api/faces/{gone}", json={"id": str(face_id)}), 200)
    expect(await hal.client.delete(f"/api/people/{gone}"), 204)
    assert await hal.names(asset_id) == [None]
    confirmed = await house.kernel.db.fetchval("SELECT is_confirmed FROM asset_face WHERE id = $1", face_id)
    assert confirmed is False
    expect(await hal.client.get(f"/api/people/{gone}"), 400)
    both = {"ids": [str(kept), str(gone)]}
    expect(await hal.client.request("DELETE", "/api/people", json=both), 400)
    assert expect(await hal.client.get(f"/api/people/{kept}"), 200)["name"] == "kept"
    expect(await hal.client.request("DELETE", "/api/people", json={"ids": [str(kept), str(more)]}), 204)
    audit = await house.kernel.db.fetch("SELECT person_id FROM person_audit WHERE owner_id = $1", hal.id)
    assert {row["person_id"] for row in audit} == {gone, kept, more}


async def test_people_are_found_by_name(user: MakeUser) -> None:
    ida = await user("ida")
    for name in ("José Álvarez", "Joseph", "Ann Joslin", "100%", "Bernadette", ""):
        await ida.person(name)
    await ida.person("Josephine", isHidden=True)

    async def found(name: str, **query: str) -> list[str]:
        answer = await ida.client.get("/api/search/person", params={"name": name, **query})
        return [one["name"] for one in expect(answer, 200)]

    assert (await found("jose"))[:2] == ["José Álvarez", "Joseph"]
    assert "Ann Joslin" in await found("jos")
    assert (await found("josephine", withHidden="true"))[0] == "Josephine"
    assert await found("alvarez") == ["José Álvarez"]
    assert await found("%") == ["100%"]
    assert await found("_") == []
    assert await found("bernadete") == ["Bernadette"]
    assert len(await found("")) == 5
    expect(await ida.client.get("/api/search/person"), 400)


async def test_who_is_found_by_name_is_shown_as_everywhere(user: MakeUser, house: RunningHost) -> None:
    eli = await user("eli")
    pictures = ("", "thumbs/a b.jpeg", "/elsewhere/c.jpeg")
    for number, picture in enumerate(pictures):
        more: dict[str, Any] = {"color": "#4488ff", "birthDate": "1980-12-10", "isFavorite": True} if number else {}
        person = await eli.person(f'"Zoë" \\{number}', isHidden=True, **more)
        await house.kernel.db.execute("UPDATE person SET thumbnail_path = $2 WHERE id = $1", person, picture)
    answer = await eli.client.get("/api/search/person", params={"name": "zoe", "withHidden": "true"})
    alone = [(await eli.client.get(f"/api/people/{one['id']}")).text for one in expect(answer, 200)]
    assert len(alone) == len(pictures)
    assert answer.text == f"[{','.join(alone)}]"
    assert (await eli.client.get("/api/search/person", params={"name": "nobody"})).text == "[]"


async def test_every_write_moves_the_row_on_for_phones(user: MakeUser, house: RunningHost) -> None:
    jon = await user("jon")
    person = await jon.person("a")
    sql = "SELECT update_id FROM person WHERE id = $1"
    before = await house.kernel.db.fetchval(sql, person)
    expect(await jon.client.put(f"/api/people/{person}", json={"name": "b"}), 200)
    assert await house.kernel.db.fetchval(sql, person) > before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/people?withHidden=true", None),
        ("GET", "/api/search/person?name=p", None),
        ("GET", "/api/faces?id={asset}", None),
        ("GET", "/api/assets/{asset}", None),
        ("PUT", "/api/people", "people"),
        ("DELETE", "/api/people", "ids"),
    ],
)
async def test_lists_cost_as_many_statements_as_one(
    user: MakeUser, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: str | None
) -> None:
    counted = [0]

    def counting(original: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            counted[0] += 1
            return await original(*args, **kwargs)

        return call

    async def cost(number: int) -> int:
        kay = await user(f"kay{number}{method.lower()}{path[5]}{path[-2]}")
        asset_id = await kay.photo()
        ids = [await kay.person(f"p{each}") for each in range(number)]
        for person in ids:
            await kay.face(asset_id, person)
        items: list[Any] = [{"id": str(one), "name": "q"} if body == "people" else str(one) for one in ids]
        json = None if body is None else {body: items}
        await kay.client.get("/api/people")
        with monkeypatch.context() as patch:
            for name in ("fetch", "fetchrow", "fetchval", "execute", "executemany"):
                patch.setattr(Database, name, counting(getattr(Database, name)))
            counted[0] = 0
            answer = await kay.client.request(method, path.format(asset=asset_id), json=json)
        assert answer.status_code in {200, 204}
        return counted[0]

    few = await cost(1)
    assert few > 0
    assert await cost(6) == few
