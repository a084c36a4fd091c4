"""The rules for plugins: `check(path)` for a folder or a wheel, and `immich_host.testing.contract` in tests.

Nothing of the plugin is imported by the calling process.
"""

from immich_host.checking.checking import check
from immich_host.checking.findings import Finding
from immich_host.checking.package import NoPlugin, Package

__all__ = ["Finding", "NoPlugin", "Package", "check"]
