from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import ClassVar

import pytest

from immich_host.hosting.record import Record
from immich_host.plugin_api import Plugin, Refused, Section, hookimpl
from immich_host.testing import RunningHost
from immich_host.testing.host import expect


class Clip(Section):
    key: ClassVar[str] = "machineLearning.clip"
    enabled: bool = True
    model_name: str = "small"


def search_plugin() -> Record:
    hooks = ModuleType("search.hooks")

    @hookimpl
    def register_settings() -> list[type[Section]]:
        return [Clip]

    @hookimpl
    async def api_features(user) -> dict[str, bool]:
        return {"smartSearch": True}

    @hookimpl
    async def settings_check(old: Clip, new: Clip) -> None:
        if new.model_name == "huge":
            raise Refused(400, "That model does not fit")

    for hook in (register_settings, api_features, settings_check):
        setattr(hooks, hook.__name__, hook)
    return Record("search", manifest=Plugin("search"), hooks=hooks)


@pytest.fixture
async def house(host: Callable[..., Awaitable[RunningHost]]) -> RunningHost:
    return await host(plugins=[], records=[search_plugin()])


@pytest.fixture
async def admin(house):
    return await house.client()


@pytest.mark.parametrize("path", ["/api/system-config", "/api/admin/config"])
async def test_the_whole_document_is_read_and_replaced(admin, path):
    document = expect(await admin.get(path), 200)
    assert document == expect(await admin.get(f"{path}/defaults"), 200)
    assert len(document) == 22
    document["trash"] = {"enabled": False, "days": 1, "colour": "unknown keys are dropped"}
    document["strange"] = 1
    stored = expect(await admin.put(path, json=document), 200)
    assert stored["trash"] == {"enabled": False, "days": 1}
    assert "strange" not in stored
    assert (
        expect(await admin.get("/api/system-config"), 200)
        == expect(await admin.get("/api/admin/config"), 200)
        == stored
    )
    assert expect(await admin.get(f"{path}/defaults"), 200)["trash"] == {"enabled": True, "days": 30}


async def test_values_are_checked(admin):
    document = expect(await admin.get("/api/system-config"), 200)
    document["trash"]["days"] = "many"
    document["job"]["ocr"]["concurrency"] = 0
    del document["image"]
    answer = expect(await admin.put("/api/system-config", json=document), 400)
    assert answer["message"] == "Validation failed"
    paths = [issue["path"] for issue in answer["errors"]]
    assert sorted(paths) == [["image"], ["job", "ocr", "concurrency"], ["trash", "days"]]


async def test_a_plugin_may_refuse(admin):
    document = expect(await admin.get("/api/system-config"), 200)
    assert document["machineLearning"]["clip"]["modelName"] == "small"
    document["machineLearning"]["clip"]["modelName"] = "huge"
    document["trash"]["days"] = 1
    assert expect(await admin.put("/api/system-config", json=document), 400) == {"message": "That model does not fit"}
    assert expect(await admin.get("/api/system-config"), 200)["trash"]["days"] == 30


async def test_users_see_what_can_be_done(house):
    config = expect(await (await house.client("bob")).get("/api/config"), 200)
    assert config["machineLearning"]["clip"] == {"enabled": True}
    assert config["machineLearning"]["ocr"] == {"enabled": False}
    assert config["map"]["enabled"] is False
    assert config["trash"] == {"enabled": True, "days": 30}
    assert config["image"]["preview"] == {"size": 1440}
    defaults = expect(await (await house.client("bob")).get("/api/config/defaults"), 200)
    assert set(defaults) == set(config)


async def test_visitors_see_little(house, admin):
    document = expect(await admin.get("/api/system-config"), 200)
    document["oauth"] |= {"enabled": True, "clientSecret": "secret"}
    document["server"]["loginPageMessage"] = "hi"
    expect(await admin.put("/api/system-config", json=document), 200)
    config = expect(await house.anonymous().get("/api/public/config"), 200)
    assert set(config) == {"oauth", "passwordLogin", "server", "theme"}
    assert config["server"] == {"loginPageMessage": "hi"}
    assert config["oauth"]["enabled"] is False  # no plugin does it
    assert "secret" not in str(config)
    defaults = expect(await house.anonymous().get("/api/public/config/defaults"), 200)
    assert defaults["server"] == {"loginPageMessage": ""}
