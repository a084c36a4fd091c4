"""Playlists (RFC 8216): of the variants, and of all segments of one, known before any is made."""

from collections.abc import Sequence
from math import ceil
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from immich_transcode.hls_grid import Grid
from immich_transcode.hls_variants import SOUND_BITS, Variant
from immich_transcode.streams import Source

TYPE = "application/vnd.apple.mpegurl"
INIT = "init.mp4"

_CREDENTIALS = frozenset({"key", "slug", "sessionKey", "apiKey"})


def segment_name(segment: int) -> str:
    """The file of a segment."""
    return f"seg_{segment}.m4s"


def credentials(query: str) -> str:
    """What addresses in a playlist end with, so that whoever was let in by the query stays let in."""
    kept = [(name, value) for name, value in parse_qsl(query) if name in _CREDENTIALS]
    return f"?{urlencode(kept)}" if kept else ""


def main_playlist(session_id: UUID, variants: Sequence[Variant], source: Source, grid: Grid, ending: str) -> str:
    """The variants, in the order of their numbers."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for index, variant in enumerate(variants):
        bits = variant.bitrate + (SOUND_BITS if source.audio is not None else 0)
        codecs = variant.codecs(source.video, grid.rate, has_sound=source.audio is not None)
        width, height = variant.size(source.video)
        lines += [
            f'#EXT-X-STREAM-INF:BANDWIDTH={bits},CODECS="{codecs}",RESOLUTION={width}x{height},'
            f"FRAME-RATE={float(grid.rate):.3f}",
            f"{session_id}/{index}/playlist.m3u8{ending}",
        ]
    return "\n".join([*lines, ""])


def media_playlist(grid: Grid, ending: str) -> str:
    """All segments of one variant."""
    lines = [
        *("#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{ceil(grid.segment_seconds)}"),
        *("#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-INDEPENDENT-SEGMENTS"),
        f'#EXT-X-MAP:URI="{INIT}{ending}"',
    ]
    for segment in range(grid.count):
        lines += [f"#EXTINF:{float(grid.length(segment)):.6f},", f"{segment_name(segment)}{ending}"]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])
