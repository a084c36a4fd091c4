"""Asking services: Immich's own container works, and what one cannot do goes on to the next, and to this process."""

import asyncio
import json

import pytest
from skimage import data

from immich_host.plugin_api.errors import JobFailed
from immich_host.testing.waiting import PATIENCE
from immich_inference.api import Ask, Unavailable, is_enabled, predict
from immich_inference.errors import BadInput, NoModel
from immich_inference.process import of_host
from immich_inference.services import REFUSALS, Services
from immich_inference.settings import AvailabilityChecks, InferenceSettings, MachineLearning

from .container import running_container
from .encoding import encoded

OPENAI = Ask("clip", "visual", "ViT-B-32__openai")
STARTER = Ask("clip", "textual", "starter")


@pytest.fixture
async def container():
    async with running_container() as running:
        yield running


async def nowhere() -> str:
    """An address where nothing listens."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return f"http://127.0.0.1:{port}"


async def asking(host, *urls, in_process=True, interval=30_000):
    running = await host(plugins=["inference", "starter_models"])
    patient = AvailabilityChecks(interval=interval, timeout=int(1000 * PATIENCE))
    await running.configure(MachineLearning(urls=urls, availability_checks=patient))
    await running.configure(InferenceSettings(in_process=in_process, download=False))
    return running.kernel


async def test_a_picture_goes_to_immichs_container_and_its_answer_comes_back(host, container):
    kernel = await asking(host, container.url)
    picture = encoded(data.chelsea())
    found = await predict(kernel, [OPENAI], image=picture)
    assert json.loads(found.values["clip"]) == [0.6, 0.8]
    assert (found.width, found.height) == (451, 300)
    assert container.predictions == [
        {"entries": {"clip": {"visual": {"modelName": "ViT-B-32__openai"}}}, "image": picture}
    ]


async def test_a_text_goes_with_its_options(host, container):
    kernel = await asking(host, container.url)
    ask = Ask("clip", "textual", "ViT-B-32__openai", {"language": "de"})
    assert (await predict(kernel, [ask], text="Käse")).width is None
    ((sent),) = container.predictions
    assert sent["text"].decode() == "Käse"
    assert sent["entries"]["clip"]["textual"]["options"] == {"language": "de"}


async def test_a_model_that_the_container_does_not_know_runs_here_and_it_is_not_asked_again(host, container):
    kernel = await asking(host, container.url)
    for text in ("a cat", "a dog", "a bird", "a horse", "a cow"):
        found = await predict(kernel, [STARTER], text=text)
        assert len(json.loads(found.values["clip"])) == 384
    assert len(container.predictions) == REFUSALS


@pytest.mark.parametrize("status", [500, 413, 429, 502, 503, 504])
async def test_what_one_picture_or_a_busy_service_was_refused_is_asked_again(host, container, status):
    kernel = await asking(host, container.url, in_process=False)
    for _ in range(2):
        container.answer_with = status, b"not this one"
        for _ in range(2 if status == 500 else REFUSALS + 1):
            with pytest.raises(Unavailable, match=f"HTTP {status}"):
                await predict(kernel, [OPENAI], image=b"x")
        container.answer_with = None
        assert json.loads((await predict(kernel, [OPENAI], image=b"y")).values["clip"]) == [0.6, 0.8]


async def test_the_first_that_answers_is_asked_and_one_that_fails_gives_way_to_the_next(host, container):
    async with running_container() as second:
        kernel = await asking(host, await nowhere(), container.url, second.url)
        await predict(kernel, [OPENAI], image=b"x")
        assert (len(container.predictions), len(second.predictions)) == (1, 0)
        container.answer_with = 503, b"busy"
        await predict(kernel, [OPENAI], image=b"x")
        assert (len(container.predictions), len(second.predictions)) == (1, 1)
        health = of_host(kernel).services.health()
        assert [each.is_healthy for each in health.values()] == [False, True, True]


@pytest.mark.parametrize("answer", [b"no json", b"[]", b"{}"])
async def test_an_answer_that_cannot_be_used_counts_as_none(host, container, answer):
    kernel = await asking(host, container.url, in_process=False)
    container.answer_with = 200, answer
    with pytest.raises(Unavailable, match="cannot be used"):
        await predict(kernel, [OPENAI], image=b"x")


async def test_where_nobody_may_run_it_the_reason_says_so(host):
    kernel = await asking(host, await nowhere(), in_process=False)
    with pytest.raises(Unavailable, match=r"inference\.inProcess"):
        await predict(kernel, [STARTER], text="a cat")


async def test_what_nobody_has_fails_for_good_with_every_reason(host, container):
    kernel = await asking(host, container.url)
    with pytest.raises(NoModel, match=r"the model nobodys .*HTTP 500"):
        await predict(kernel, [Ask("clip", "textual", "nobodys")], text="a cat")


async def test_a_picture_that_a_service_refuses_fails_for_good(host, container):
    kernel = await asking(host, container.url, in_process=False)
    container.answer_with = 400, b'{"detail":"empty"}'
    with pytest.raises(BadInput, match="empty"):
        await predict(kernel, [OPENAI], image=b"x")
    container.answer_with = None
    assert await predict(kernel, [OPENAI], image=b"y")


async def test_a_service_that_comes_is_noticed_and_one_that_is_not_looked_after_is_asked_in_its_turn(host):
    url = await nowhere()
    kernel = await asking(host, url, interval=20)
    services = of_host(kernel).services
    await services.look()
    assert services.health()[url].is_healthy is False
    async with running_container() as late:
        off = AvailabilityChecks(enabled=False)
        await kernel.live_settings.update_section(MachineLearning(urls=(url, late.url), availability_checks=off))
        await predict(kernel, [OPENAI], image=b"x")
        assert (len(late.predictions), late.pings) == (1, 0)


async def test_a_service_that_comes_back_is_healthy_again(host, container):
    kernel = await asking(host, container.url, interval=10)
    services = of_host(kernel).services
    await services.look()
    services._watch.note(container.url, "it was away")
    async with asyncio.timeout(PATIENCE):
        for _ in range(2):  # when the second comes, the first has been answered
            container.pinged.clear()
            await container.pinged.wait()
    assert services.health()[container.url].is_healthy is True


async def test_nothing_runs_where_the_settings_say_so(host):
    running = await host(plugins=["inference", "starter_models"])
    assert is_enabled(running.kernel)
    await running.configure(MachineLearning(enabled=False))
    assert not is_enabled(running.kernel)
    with pytest.raises(JobFailed, match=r"machineLearning\.enabled"):
        await predict(running.kernel, [STARTER], text="a cat")


def test_addresses_are_kept_as_they_are_understood():
    settings = MachineLearning(urls=("http://ml:3003\t/", "http://other\n:3003", "https://far/ml/"))
    assert settings.urls == ("http://ml:3003", "http://other:3003", "https://far/ml")


async def test_an_address_that_is_none_stops_nobody(container):
    odd = "http://ml:3003\t"  # as older settings may have it
    settings = MachineLearning.model_construct(urls=(odd, container.url), availability_checks=AvailabilityChecks())
    services = Services(lambda: settings)
    try:
        await services.look()
        assert [each.is_healthy for each in services.health().values()] == [False, True]
        assert await services.predict([OPENAI], b"x", None, try_all=True)
        off = AvailabilityChecks(enabled=False)
        settings = MachineLearning.model_construct(urls=(odd, container.url), availability_checks=off)
        assert await services.predict([OPENAI], b"x", None, try_all=True)
        looking = services._watch._task
        looking.cancel()
        await asyncio.wait({looking})
        await services.look()
        assert not services._watch._task.done()
    finally:
        await services.close()


@pytest.mark.parametrize("answer", [None, (500, b"no")])
async def test_what_runs_while_the_plugin_is_stopped_ends_and_nothing_is_made_anew(host, container, answer):
    running = await host(plugins=["inference", "starter_models"])
    await running.configure(MachineLearning(urls=(container.url,)))
    container.hold, container.answer_with = asyncio.Event(), answer
    process = of_host(running.kernel)
    flying = asyncio.ensure_future(predict(running.kernel, [OPENAI], image=encoded(data.chelsea())))
    await container.begun.wait()
    await running.turn_off("inference")
    container.hold.set()
    if answer is None:
        assert json.loads((await flying).values["clip"]) == [0.6, 0.8]
    else:
        with pytest.raises(Unavailable, match="has been stopped"):
            await flying
    assert (process._services, process._engine) == (None, None)
    with pytest.raises(Unavailable, match="has been stopped"):
        await predict(running.kernel, [STARTER], text="a cat")
    with pytest.raises(Unavailable, match="has been stopped"):
        await process.predict([STARTER], text="a cat")
    await running.turn_on("inference")
    container.answer_with = None
    assert await predict(running.kernel, [STARTER], text="a cat")
