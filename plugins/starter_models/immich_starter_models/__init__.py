"""Small models, so that search and faces work offline on the first day."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "starter_models",
    title="Starter models",
    description="Small models, so that search and faces work offline on the first day.",
    requires=("inference",),
)
