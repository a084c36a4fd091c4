"""Runs ONNX models, in process or as a service, for all plugins that want predictions."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "inference",
    title="Inference",
    description="Runs ONNX models, in process or as a service, for all plugins that want predictions.",
    uses=("network", "gpu", "outside_files"),
    commands=("infer", "models"),
)
