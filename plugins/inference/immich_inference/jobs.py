"""The job that downloads a model."""

from immich_host.plugin_api import Job, JobContext, Outcome
from immich_inference.process import imported, of_host
from immich_inference.progress import DownloadState

DAY = 86_400.0


async def download(ctx: JobContext, *, name: str) -> Outcome:
    """Bring `task/model` into the folder of models; skipped where all of it is here, or a plugin brings it.

    Raises:
        DownloadFailed: It could not be brought; what has come is gone on with at the next try.
    """
    await imported("immich_inference.downloading")
    from immich_inference.downloading import download as bring
    from immich_inference.elsewhere import source_of
    from immich_inference.known import known_models
    from immich_inference.layout import clean_name
    from immich_inference.server_models import registry_of

    task, _, model = name.partition("/")
    registry = registry_of(ctx.host)
    lacking = registry.lacking(task, model)
    is_here = any((each.task, clean_name(each.name)) == (task, clean_name(model)) for each in known_models(registry))
    if is_here and (not lacking or (task, clean_name(model)) in registry.models()):
        return Outcome.SKIPPED

    async def tell(state: DownloadState) -> None:
        await ctx.progress(state.done, state.total, name)

    source = source_of(registry, of_host(ctx.host).hub(), task, model)
    await bring(source, registry.folder, task, model, tell, lacking)
    return Outcome.DONE


JOBS = (Job("download", download, queue="inference", unique="name", time_limit=DAY),)
