"""A model that is set and not here: downloaded when it is first needed, and on demand; and what administrators see."""

import asyncio
import json

import pytest
from skimage import data

from immich_host.testing.host import expect
from immich_inference.api import Ask, Unavailable, predict
from immich_inference.errors import NoModel
from immich_inference.process import of_host, processes_folder
from immich_inference.settings import InferenceSettings

from .encoding import encoded
from .hub import running_hub
from .tiny import write_clip

STATUS = "/api/plugins/inference/status"
DOWNLOADS = "/api/plugins/inference/downloads"
NAME = "ViT-T-1__test"


@pytest.fixture
async def hub(tmp_path):
    async with running_hub() as running:
        folder = write_clip(tmp_path / "made")
        files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        running.repositories[f"immich-app/{NAME}"] = files
        yield running


@pytest.fixture
async def running(host, hub):
    made = await host(plugins=["inference"])
    await made.configure(InferenceSettings(hub=hub.url))
    return made


async def test_pictures_wait_for_the_model_and_it_comes_once(running, hub):
    ask = Ask("clip", "visual", NAME)
    pictures = [encoded(each) for each in (data.chelsea(), data.coffee(), data.rocket())]
    found = await asyncio.gather(*[predict(running.kernel, [ask], image=each) for each in pictures])
    vectors = [json.loads(each.values["clip"]) for each in found]
    assert len({tuple(each) for each in vectors}) == 3
    assert [name for name, _ in hub.asked].count("visual/model.onnx") == 1


async def test_a_text_says_at_once_that_the_model_is_on_its_way_and_a_job_brings_it(running):
    ask = Ask("clip", "textual", NAME)
    with pytest.raises(Unavailable, match="is being downloaded"):
        await predict(running.kernel, [ask], text="a cat")
    await running.drain()
    assert json.loads((await predict(running.kernel, [ask], text="a cat")).values["clip"])


async def test_one_that_cannot_be_had_fails_for_good_and_the_hub_is_left_alone_for_a_while(running, hub):
    ask = Ask("clip", "visual", "nobodys")
    hub.status = 500
    with pytest.raises(NoModel, match="its download has failed"):
        await predict(running.kernel, [ask], image=encoded(data.coffee()))
    hub.status = None
    hub.repositories["immich-app/nobodys"] = hub.repositories[f"immich-app/{NAME}"]
    with pytest.raises(NoModel, match="its download has failed"):
        await predict(running.kernel, [ask], image=encoded(data.coffee()))
    with pytest.raises(NoModel, match="its download has failed"):
        await predict(running.kernel, [Ask("clip", "textual", "nobodys")], text="x")
    assert hub.asked == []


@pytest.mark.parametrize("kind", ["textual", "visual"])
async def test_a_model_of_which_a_part_is_gone_is_said_to_be_incomplete(running, tmp_path, kind):
    await running.configure(InferenceSettings(hub=running.kernel.settings(InferenceSettings).hub, folder=str(tmp_path)))
    await running.kernel.jobs.request("inference.download", name=f"clip/{NAME}")
    await running.drain()
    (tmp_path / "clip" / NAME / kind / "model.onnx").unlink()
    ask, given = Ask("clip", kind, NAME), {"image": encoded(data.coffee())} if kind == "visual" else {"text": "a cat"}
    if kind == "textual":
        with pytest.raises(Unavailable, match="is being downloaded"):
            await predict(running.kernel, [ask], **given)
        with pytest.raises(Exception, match="incomplete"):
            await running.drain()
    with pytest.raises(NoModel, match=f"lacks {kind}: remove it first"):
        await predict(running.kernel, [ask], **given)
    client = await running.client()
    await client.delete(f"/api/plugins/inference/models/clip/{NAME}")
    await running.kernel.jobs.request("inference.download", name=f"clip/{NAME}")
    await running.drain()
    assert await predict(running.kernel, [ask], **given)


async def test_models_run_though_others_cannot_be_told_of_it(running):
    await running.kernel.jobs.request("inference.download", name=f"clip/{NAME}")
    await running.drain()
    processes_folder(running.kernel).write_text("no folder")
    assert await predict(running.kernel, [Ask("clip", "textual", NAME)], text="a cat")
    of_host(running.kernel).drop_engine()
    processes_folder(running.kernel).unlink()


async def test_nothing_is_downloaded_where_the_settings_say_so(running, hub):
    await running.configure(InferenceSettings(hub=hub.url, download=False))
    with pytest.raises(NoModel, match="is not here"):
        await predict(running.kernel, [Ask("clip", "visual", NAME)], image=encoded(data.coffee()))
    assert hub.asked == []


async def test_a_task_that_nobody_brings_is_not_looked_for_on_the_hub(running, hub):
    with pytest.raises(NoModel, match="no installed plugin brings"):
        await predict(running.kernel, [Ask("smell", "visual", NAME)], image=encoded(data.coffee()))
    assert hub.asked == []


async def test_a_model_of_somebody_else_comes_only_where_somebody_asks_for_it(running, hub):
    hub.repositories[f"ann/{NAME}"] = hub.repositories[f"immich-app/{NAME}"]
    with pytest.raises(NoModel, match="is not here"):
        await predict(running.kernel, [Ask("clip", "visual", f"ann/{NAME}")], image=encoded(data.coffee()))
    assert hub.asked == []
    await running.kernel.jobs.request("inference.download", name=f"clip/ann/{NAME}")
    await running.drain()
    assert (await predict(running.kernel, [Ask("clip", "visual", f"ann/{NAME}")], image=encoded(data.coffee()))).width


async def test_an_administrator_downloads_sees_and_removes(running):
    client = await running.client()
    expect(await client.post(DOWNLOADS, json={"task": "clip", "name": NAME}), 204)
    await running.drain()
    found = expect(await client.get(STATUS), 200)
    (model,) = found["models"]
    assert (model["task"], model["name"], model["types"]) == ("clip", NAME, ["textual", "visual"])
    assert model["source"] == "folder"
    assert found["downloads"] == []
    await predict(running.kernel, [Ask("clip", "visual", NAME)], image=encoded(data.coffee()))
    (process,) = expect(await client.get(STATUS), 200)["processes"]
    assert process["memory"] > 0
    assert process["providers"][-1] == "CPUExecutionProvider"
    assert [(each["type"], each["runs"], each["provider"]) for each in process["loaded"]] == [
        ("visual", 1, "CPUExecutionProvider")
    ]
    await client.delete(f"/api/plugins/inference/models/clip/{NAME}")
    assert expect(await client.get(STATUS), 200)["models"] == []
    expect(await client.delete(f"/api/plugins/inference/models/clip/{NAME}"), 404)


async def test_models_to_be_there_from_the_start_are_loaded_and_odd_names_stop_nobody(running, hub):
    await running.kernel.jobs.request("inference.download", name=f"clip/{NAME}")
    await running.drain()
    await running.turn_off("inference")
    names = ("odd", "clip/absent", f"clip/{NAME}/textual")
    await running.configure(InferenceSettings(hub=hub.url, preload=names))
    await running.turn_on("inference")
    process = of_host(running.kernel)
    await process._preloading
    assert [each.key for each in process.engine.pool.loaded] == [("clip", NAME, "textual")]


async def test_a_download_that_failed_is_shown_with_its_reason(running, hub):
    client = await running.client()
    hub.damage = {"visual/model.onnx"}
    await running.kernel.jobs.request("inference.download", name=f"clip/{NAME}")
    with pytest.raises(Exception, match="is not what the hub says"):
        await running.drain()
    (failed,) = expect(await client.get(STATUS), 200)["downloads"]
    assert (failed["task"], failed["name"], failed["isUnderWay"]) == ("clip", NAME, False)
    assert "is not what the hub says" in failed["error"]


async def test_the_status_says_how_services_are(running):
    client = await running.client()
    (service,) = expect(await client.get(STATUS), 200)["services"]
    assert (service["url"], service["isHealthy"]) == ("http://127.0.0.1:3003", False)
    assert service["reason"]


@pytest.mark.parametrize(
    "body",
    [{"task": "../clip", "name": "x"}, {"task": "clip", "name": "../x"}, {"task": "clip", "name": "a/b/c"}, {}],
)
async def test_names_that_are_none_are_refused(running, body):
    client = await running.client()
    assert (await client.post(DOWNLOADS, json=body)).status_code == 400


async def test_only_administrators_with_the_right_may(running):
    requests = [
        ("GET", STATUS, None, "systemConfig.read"),
        ("POST", DOWNLOADS, {"task": "clip", "name": "x"}, "systemConfig.update"),
        ("DELETE", "/api/plugins/inference/models/clip/x", None, "systemConfig.update"),
    ]
    stranger, limited = await running.client("ann"), await running.key_client("asset.read")
    for method, path, body, permission in requests:
        assert (await running.anonymous().request(method, path, json=body)).status_code == 401
        assert (await stranger.request(method, path, json=body)).status_code == 403
        assert (await limited.request(method, path, json=body)).status_code == 403
        allowed = await running.key_client(permission)
        assert (await allowed.request(method, path, json=body)).status_code in {200, 204, 404}
