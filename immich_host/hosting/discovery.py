"""Finds installed plugins by their entry points and loads them one by one."""

import hashlib
import importlib
import importlib.util
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

import structlog
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from immich_host.hosting.record import Record, Stage
from immich_host.plugin_api import API_VERSION
from immich_host.plugin_api.manifest import Manifest

log = structlog.get_logger("hosting")

GROUP = "immich_host.plugins"


class BadManifest(Exception):
    """The package's PLUGIN is missing, misnamed or asks for another API version."""


def discover(only: Iterable[str] | None = None) -> list[Record]:
    """Load every installed plugin, sorted by name; what fails to load is a broken record.

    Args:
        only: Names to load; all where None.
    """
    return [load(point) for point in installed(only)]


def installed(only: Iterable[str] | None = None) -> list[EntryPoint]:
    """The entry points of installed plugins as they are on disk now, sorted by name; loads nothing."""
    importlib.invalidate_caches()
    wanted = None if only is None else set(only)
    found = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return [point for point in found if wanted is None or point.name in wanted]


def fingerprint(point: EntryPoint) -> str:
    """What tells one installed state of a plugin's package from another: pip's record names each file's hash."""
    if point.dist is None:
        return ""
    record = point.dist.read_text("RECORD") or ""
    return hashlib.sha256(f"{point.dist.version}\n{record}".encode()).hexdigest()


def manifest_of(point: EntryPoint) -> Manifest | None:
    """The manifest alone, nothing else of the plugin; None where it cannot be read."""
    try:
        return read_manifest(point.name, point.load())
    except (Exception, SystemExit):
        log.debug("a manifest cannot be read", plugin=point.name, exc_info=True)
        return None


def load(point: EntryPoint) -> Record:
    """Load one entry point; never raises for a fault of the plugin."""
    record = Record(point.name, version=point.dist.version if point.dist else "", fingerprint=fingerprint(point))
    try:
        record.manifest = read_manifest(point.name, point.load())
        hooks = f"{point.value}.hooks"
        # one that only brings files or an `api` for its siblings needs no hooks
        record.hooks = importlib.import_module(hooks) if importlib.util.find_spec(hooks) else ModuleType(hooks)
    except (Exception, SystemExit) as error:
        log.exception("plugin cannot be loaded", plugin=point.name)
        record.break_at(Stage.LOAD, f"{type(error).__name__}: {error}")
    return record


def from_module(name: str, package: ModuleType, hooks: ModuleType) -> Record:
    """A record for a plugin that is not installed by an entry point (tests, `plugins check`).

    Raises:
        BadManifest: As for installed ones.
    """
    return Record(name, version="0", manifest=read_manifest(name, package), hooks=hooks)


def read_manifest(name: str, package: ModuleType) -> Manifest:
    """Check the manifest before anything else of the plugin is loaded.

    Raises:
        BadManifest: It is missing, has another name, or asks for another API version.
    """
    manifest = getattr(package, "PLUGIN", None)
    if not isinstance(manifest, Manifest):
        msg = f"{package.__name__} has no PLUGIN = Plugin(...)"
        raise BadManifest(msg)
    if manifest.name != name:
        msg = f"entry point {name!r} names a plugin that calls itself {manifest.name!r}"
        raise BadManifest(msg)
    try:
        fits = SpecifierSet(manifest.api).contains(API_VERSION)
    except InvalidSpecifier as error:
        msg = f"api={manifest.api!r} is not a version range"
        raise BadManifest(msg) from error
    if not fits:
        msg = f"made for plugin API {manifest.api}, this host has {API_VERSION}"
        raise BadManifest(msg)
    return manifest
