"""From settings and machine to how models are run."""

import subprocess
import sys

import pytest

from immich_host.plugin_api import Unusable
from immich_inference import hooks
from immich_inference.equipping import WITHOUT_LIMIT, limits_by
from immich_inference.providers import absent, chosen, full_name
from immich_inference.settings import InferenceSettings, MachineLearning

CPU, CUDA, OPENVINO = "CPUExecutionProvider", "CUDAExecutionProvider", "OpenVINOExecutionProvider"


def test_what_is_there_is_taken_in_order_of_preference_and_the_cpu_last():
    assert chosen([CPU], []) == (CPU,)
    assert chosen(["AzureExecutionProvider", OPENVINO, CUDA, CPU], []) == (CUDA, OPENVINO, CPU)


def test_the_settings_choose_and_what_they_want_in_vain_is_said():
    assert chosen([OPENVINO, CUDA, CPU], ["openvino"]) == (OPENVINO, CPU)
    assert chosen([CUDA, CPU], ["CPU"]) == (CPU,)
    assert chosen([CPU], ["CUDA"]) == (CPU,)
    assert absent([CPU], ["CUDA"]) == [CUDA]


@pytest.mark.parametrize("name", ["TensorRT", "tensorrt", "TensorrtExecutionProvider"])
def test_names_may_be_short(name):
    assert full_name(name) == "TensorrtExecutionProvider"


def test_models_get_a_third_of_what_a_process_may_hold_unless_the_settings_say():
    assert limits_by(InferenceSettings(), 3 << 30).memory == 1 << 30
    assert limits_by(InferenceSettings(), 0).memory == WITHOUT_LIMIT
    assert limits_by(InferenceSettings(memory=100), 3 << 30).memory == 100 << 20


@pytest.mark.parametrize("url", ["", "ml", "ftp://ml", "redis://ml:3003"])
def test_an_address_of_a_service_is_http(url):
    with pytest.raises(ValueError, match="urls"):
        MachineLearning(urls=(url,))


def test_a_slash_at_the_end_makes_no_difference():
    assert MachineLearning(urls=("http://ml:3003/",)).urls == ("http://ml:3003",)


async def test_without_its_libraries_the_plugin_says_what_to_install(monkeypatch):
    await hooks.plugin_check({})
    monkeypatch.setitem(hooks._LIBRARIES, "no_such_module", "onnxruntime")
    with pytest.raises(Unusable, match="pip install onnxruntime"):
        await hooks.plugin_check({})


def test_telling_which_models_are_here_loads_nothing_that_runs_them():
    """Processes that answer requests would carry it for nothing."""
    modules = ("hooks", "routes", "server_models", "known", "progress", "sharing")
    heavy = ("onnxruntime", "huggingface_hub", "tokenizers", "numpy", "PIL")
    script = (
        "import importlib, sys\n"
        f"for name in {modules}: importlib.import_module('immich_inference.' + name)\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_an_administrator_sees_and_removes_models_without_loading_what_runs_them(host, monkeypatch):
    running = await host(plugins=["inference"])
    monkeypatch.setitem(sys.modules, "immich_inference.equipping", None)  # importing it would fail
    client = await running.client()
    assert (await client.get("/api/plugins/inference/status")).status_code == 200
    assert (await client.request("DELETE", "/api/plugins/inference/models/clip/absent")).status_code == 404
