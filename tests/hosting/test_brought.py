"""What plugins answer to a register hook of another plugin."""

from immich_host.hosting import Hosting
from immich_host.plugin_api import hookimpl
from immich_host.settings.sections import ServerSection
from immich_host.testing.fixtures import MakeHost
from tests.hosting.making import plugin


def bringing(name: str, answer):
    def kitchen_dishes():
        return answer()

    return plugin(name, hookimpl(optional=True)(kitchen_dishes))


def fails():
    raise RuntimeError("nothing in the larder")


def test_all_answer_also_those_that_are_off_and_one_that_fails_is_left_out():
    hosting = Hosting([])
    hosting.adopt([bringing("b", lambda: ["soup"]), bringing("c", fails), bringing("a", lambda: ["bread"])])
    assert not hosting.is_enabled("a")
    assert list(hosting.brought("kitchen_dishes").items()) == [("a", ["bread"]), ("b", ["soup"])]
    assert hosting.brought("kitchen_pots") == {}


async def test_those_that_come_and_go_are_seen():
    hosting = Hosting([])
    hosting.adopt([bringing("a", lambda: ["bread"])])
    assert hosting.brought("kitchen_dishes") == {"a": ["bread"]}
    hosting.adopt([bringing("b", lambda: ["soup"])])
    assert hosting.brought("kitchen_dishes") == {"a": ["bread"], "b": ["soup"]}
    await hosting.forget(["a"])
    assert hosting.brought("kitchen_dishes") == {"b": ["soup"]}


async def test_a_plugin_has_a_folder_in_the_data_and_knows_its_share_of_the_machine(host: MakeHost):
    kernel = (await host(plugins=[])).kernel
    assert kernel.folder("kitchen") == kernel.runtime.data / "plugins" / "kitchen"
    assert kernel.folder("kitchen").is_dir()
    assert kernel.memory_limit == kernel.runtime.work_memory
    assert kernel.cores * kernel.runtime.work_processes >= 1


async def test_a_plugin_knows_the_address_that_links_begin_with(host: MakeHost):
    running = await host(plugins=[])
    assert running.kernel.external_domain == ""
    await running.configure(ServerSection(external_domain="https://photos.test/"))
    assert running.kernel.external_domain == "https://photos.test"
