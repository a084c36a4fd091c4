"""Panoramas: the few XMP properties by which a viewer knows that a picture wraps around."""

import re

_PROPERTY = re.compile(rb'GPano:(\w+)\s*(?:=\s*["\']([^"\'<>&]*)["\']|>([^<>&]*)<)')


def packet(xmp: bytes | None) -> bytes | None:
    """A small XMP packet with only the panorama's properties; None where the source has none."""
    found = _properties(xmp)
    if not found:
        return None
    attributes = b" ".join(b'GPano:%s="%s"' % item for item in sorted(found.items()))
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" %s/>'
        b"</rdf:RDF></x:xmpmeta>" % attributes
    )


def _properties(xmp: bytes | None) -> dict[bytes, bytes]:
    if not xmp or b"GPano:" not in xmp:
        return {}
    found = ((name, (attribute or element).strip()) for name, attribute, element in _PROPERTY.findall(xmp))
    return {name: value for name, value in found if value}
