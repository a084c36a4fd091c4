"""What administrators may ask about models."""

import asyncio
from pathlib import Path

from immich_host.plugin_api import Caller, Host, NotFound, Permission, Refused, Routes
from immich_inference.dto import (
    DownloadDto,
    ModelDto,
    ProcessDto,
    ServiceDto,
    StatusDto,
    WantedModelDto,
)
from immich_inference.process import imported, of_host, processes_folder
from immich_inference.settings import InferenceSettings, MachineLearning

ROUTES = Routes("Inference")


@ROUTES.get(
    "/plugins/inference/status",
    permission=Permission.SYSTEM_CONFIG_READ,
    admin=True,
    operation_id="getInferenceStatus",
)
async def status(caller: Caller, host: Host) -> StatusDto:  # noqa: ARG001 - administrators
    """Services and how they are, models that are here, what each process has loaded, downloads."""
    process = of_host(host)
    await imported("immich_inference.services")
    if host.settings(MachineLearning).availability_checks.enabled:
        await process.services.look()
    models, downloads, processes = await asyncio.to_thread(_on_disk, host)
    return StatusDto(
        enabled=host.settings(MachineLearning).enabled,
        in_process=host.settings(InferenceSettings).in_process,
        services=[
            ServiceDto(url=url, is_healthy=each.is_healthy, reason=each.reason)
            for url, each in process.services.health().items()
        ],
        processes=[*process.own_state(), *processes],
        models=models,
        downloads=downloads,
    )


def _on_disk(host: Host) -> tuple[list[ModelDto], list[DownloadDto], list[ProcessDto]]:
    from immich_inference.known import known_models
    from immich_inference.progress import states
    from immich_inference.server_models import models_folder, registry_of
    from immich_inference.sharing import others

    models = [ModelDto.model_validate(each, from_attributes=True) for each in known_models(registry_of(host))]
    downloads = [
        DownloadDto(
            task=each.task, name=each.model, done=each.done, total=each.total, is_under_way=each.is_under_way,
            error=each.error,
        )
        for each in states(models_folder(host))
    ]  # fmt: skip
    processes = [ProcessDto.model_validate(each) for each in others(processes_folder(host))]
    return models, downloads, processes


@ROUTES.post(
    "/plugins/inference/downloads",
    permission=Permission.SYSTEM_CONFIG_UPDATE,
    admin=True,
    operation_id="downloadModel",
    status=204,
)
async def download(caller: Caller, host: Host, body: WantedModelDto) -> None:  # noqa: ARG001 - administrators
    """Download a model, in a job: the status says how far it is."""
    await host.jobs.request("inference.download", cause="manual", name=f"{body.task}/{body.name}")


@ROUTES.delete(
    "/plugins/inference/models/{task}/{name}",
    permission=Permission.SYSTEM_CONFIG_UPDATE,
    admin=True,
    operation_id="removeModel",
)
async def remove(caller: Caller, host: Host, task: str, name: str) -> None:  # noqa: ARG001 - administrators
    """Remove a downloaded model's files."""
    from immich_inference import known
    from immich_inference.server_models import registry_of

    if Path(task).name != task or task.startswith("."):
        raise Refused(400, "That is no task")
    try:
        await asyncio.to_thread(known.remove, registry_of(host), task, name)
    except ValueError as error:
        raise Refused(400, str(error)) from error
    except LookupError as error:
        raise NotFound(str(error)) from error
