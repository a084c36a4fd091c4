"""Programs and an XMP file of a stranger's making."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from immich_host.runtime.binaries import Binaries, media_binaries

STRANGER = """<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
<rdf:Description rdf:about='' xmlns:other='http://example.com/other/' other:History='kept'
 xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:creator><rdf:Seq><rdf:li>Somebody</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>old</rdf:li></rdf:Alt></dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end='w'?>
"""


@pytest.fixture(scope="session")
def programs() -> Binaries:
    found = media_binaries()
    if not found.exiftool:
        pytest.skip("exiftool is missing")
    return found


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """An XMP file with a caption, a creator and a namespace that nobody knows."""
    path = tmp_path / "photo.jpg.xmp"
    path.write_text(STRANGER)
    return path


@pytest.fixture
def tags(programs: Binaries) -> Callable[[Path], dict[str, Any]]:
    """Read a file's tags by exiftool."""

    def read(path: Path) -> dict[str, Any]:
        command = [str(programs.exiftool), "-j", "-GPSLatitude#", "-GPSLongitude#", "-all", str(path)]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]

    return read
