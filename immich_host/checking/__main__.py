"""`python -m immich_host.checking NAME PACKAGE FOLDER [PROJECT]`: loads one plugin and prints what is wrong."""

import sys
from pathlib import Path

from immich_host.checking.checking import print_findings
from immich_host.checking.package import Package

name, import_name, folder, *project = sys.argv[1:]
print_findings(Package(name, import_name, Path(folder), (), Path(project[0]) if project else None))
