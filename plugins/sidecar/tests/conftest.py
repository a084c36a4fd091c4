"""Programs and an XMP file of a stranger's making."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

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


DEVELOPED = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
    xmlns:darktable="http://darktable.sf.net/" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:cc="http://creativecommons.org/ns#" xmlns:unk="http://unknown.example/ns/1.0/"
    xmp:Rating="1" xmpMM:DerivedFrom="IMG_1.CR2" darktable:history_end="2" darktable:iop_order_version="4"
    crs:Version="15.4" crs:Exposure2012="+0.55" crs:HasSettings="True" unk:at="1">
   <darktable:history><rdf:Seq>
     <rdf:li darktable:num="0" darktable:operation="rawprepare" darktable:params="gz02eJw==" darktable:multi_name=""/>
     <rdf:li darktable:num="1" darktable:operation="exposure" darktable:params="00&amp;&lt;ff"/>
   </rdf:Seq></darktable:history>
   <crs:ToneCurvePV2012><rdf:Seq><rdf:li>0, 0</rdf:li><rdf:li>64, 56</rdf:li></rdf:Seq></crs:ToneCurvePV2012>
   <crs:Look><rdf:Description crs:Name="Adobe Color" crs:Amount="1"><crs:Parameters><rdf:Description
     crs:Version="15.4"><crs:ToneCurvePV2012><rdf:Seq><rdf:li>0, 0</rdf:li></rdf:Seq></crs:ToneCurvePV2012>
   </rdf:Description></crs:Parameters></rdf:Description></crs:Look>
   <crs:MaskGroupBasedCorrections><rdf:Seq><rdf:li><rdf:Description crs:What="Correction" crs:CorrectionAmount="1">
     <crs:CorrectionMasks><rdf:Seq><rdf:li crs:What="Mask/Gradient" crs:ZeroX="0.5"/></rdf:Seq></crs:CorrectionMasks>
   </rdf:Description></rdf:li></rdf:Seq></crs:MaskGroupBasedCorrections>
   <xmpMM:History><rdf:Seq><rdf:li stEvt:action="saved" stEvt:when="2024-01-02T03:04:05+01:00"/></rdf:Seq>
   </xmpMM:History>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">T</rdf:li><rdf:li xml:lang="de">Titel</rdf:li></rdf:Alt></dc:title>
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">old</rdf:li><rdf:li xml:lang="fr">vieux</rdf:li></rdf:Alt>
   </dc:description>
   <lr:hierarchicalSubject><rdf:Bag><rdf:li>x|y</rdf:li></rdf:Bag></lr:hierarchicalSubject>
   <cc:license rdf:resource="http://creativecommons.org/licenses/by/4.0/"/>
   <unk:deep><rdf:Bag><rdf:li rdf:parseType="Resource"><unk:one>1</unk:one><unk:two><rdf:Seq><rdf:li>p</rdf:li>
     <rdf:li/></rdf:Seq></unk:two></rdf:li></rdf:Bag></unk:deep>
   <unk:text>  two  spaces &#10;line &amp; </unk:text><unk:empty/>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""


RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


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
def developed(tmp_path: Path) -> Path:
    """An XMP file with the settings of RAW developers."""
    path = tmp_path / "photo.cr2.xmp"
    path.write_text(DEVELOPED)
    return path


@pytest.fixture
def tags(programs: Binaries) -> Callable[[Path], dict[str, Any]]:
    """Read a file's tags by exiftool."""

    def read(path: Path) -> dict[str, Any]:
        command = [str(programs.exiftool), "-j", "-GPSLatitude#", "-GPSLongitude#", "-all", str(path)]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]

    return read


@pytest.fixture
def properties() -> Callable[[Path], dict[str, str]]:
    """What an XMP file says, however it is put into XML."""
    return _properties


def _properties(path: Path) -> dict[str, str]:
    """Path of each simple value -> its text; attributes count as elements, items of lists are numbered."""
    prefixes = {"http://www.w3.org/XML/1998/namespace": "xml"}
    for _, (prefix, namespace) in ET.iterparse(path, events=["start-ns"]):  # noqa: S314 - of the tests' own making
        prefixes[namespace] = prefix
    found: dict[str, str] = {}

    def name(tag: str) -> str:
        namespace, local = tag[1:].split("}")
        return f"{prefixes[namespace]}:{local}"

    def take(element: ET.Element, at: str) -> None:
        children, attributes = list(element), dict(element.attrib)
        if len(children) == 1 and children[0].tag == f"{RDF}Description":
            attributes |= children[0].attrib
            children = list(children[0])
        attributes = {key: value for key, value in attributes.items() if key not in {f"{RDF}about", f"{RDF}parseType"}}
        for key, value in attributes.items():
            found[f"{at}/{name(key)}"] = value
        if not children and (not attributes or all(key.endswith("}lang") for key in attributes)):
            found[at] = element.text or ""
        for number, child in enumerate(children, 1):
            take(child, f"{at}/{name(child.tag)}" + (f".{number}" if child.tag == f"{RDF}li" else ""))

    for description in ET.parse(path).iter(f"{RDF}RDF"):  # noqa: S314 - of the tests' own making
        for each in description:
            for key, value in each.attrib.items():
                if key != f"{RDF}about":
                    found[name(key)] = value
            for child in each:
                take(child, name(child.tag))
    return found
