"""With what a plan is carried out: which ffmpeg, and whether hardware encodes."""

import asyncio
from dataclasses import replace
from pathlib import Path

import structlog

from immich_transcode import devices
from immich_transcode.arguments import Plan
from immich_transcode.programs import choose
from immich_transcode.settings import FFmpegSettings

_log = structlog.get_logger("transcode")


async def equip(plan: Plan, settings: FFmpegSettings, first: Path) -> tuple[Plan, Path]:
    """The plan with the hardware that the settings name, if it can be had, and the ffmpeg that can do it.

    Args:
        plan: In software.
        settings: With `accel` and what belongs to it.
        first: The host's ffmpeg; also what is taken where none can do it, as it says best what is lacking.
    """
    decodes = plan.source.video.codec if plan.video is not None else None
    better = await _with_hardware(plan, settings)
    if better is not None:
        program = await choose(first, decodes=decodes, encoders=better.encoders)
        if program is not None:
            return better, program
        _tell(settings, f"no ffmpeg here has all of {', '.join(sorted(better.encoders))}")
    return plan, await choose(first, decodes=decodes, encoders=plan.encoders) or first


async def _with_hardware(plan: Plan, settings: FFmpegSettings) -> Plan | None:
    if plan.video is None:
        return None
    try:
        hardware = await asyncio.to_thread(devices.find, settings, plan.video.codec)
    except devices.Unavailable as error:
        _tell(settings, str(error))
        return None
    return None if hardware is None else replace(plan, hardware=hardware)


def _tell(settings: FFmpegSettings, reason: str) -> None:
    _log.warning("software encodes in place of hardware", accel=settings.accel, reason=reason)
