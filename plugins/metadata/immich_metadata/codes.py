"""Numbers behind the names that ffprobe prints: colours by ITU-T H.273, profiles by codec."""

UNKNOWN = 2
"""H.273's code for "unspecified"."""

PRIMARIES = {
    "bt709": 1, "bt470m": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "film": 8, "bt2020": 9,
    "smpte428": 10, "smpte431": 11, "smpte432": 12, "ebu3213": 22, "jedec-p22": 22,
}  # fmt: skip

TRANSFERS = {
    "bt709": 1, "bt470m": 4, "gamma22": 4, "bt470bg": 5, "gamma28": 5, "smpte170m": 6, "smpte240m": 7,
    "linear": 8, "log100": 9, "log316": 10, "iec61966-2-4": 11, "bt1361e": 12, "iec61966-2-1": 13,
    "bt2020-10": 14, "bt2020-12": 15, "smpte2084": 16, "smpte428": 17, "arib-std-b67": 18,
}  # fmt: skip

MATRICES = {
    "gbr": 0, "bt709": 1, "fcc": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "ycgco": 8,
    "bt2020nc": 9, "bt2020c": 10, "smpte2085": 11, "chroma-derived-nc": 12, "chroma-derived-c": 13,
    "ictcp": 14,
}  # fmt: skip

_PROFILES: dict[str, dict[str, int]] = {
    "h264": {
        "Baseline": 66, "Constrained Baseline": 578, "Main": 77, "Extended": 88, "High": 100,
        "High 10": 110, "High 10 Intra": 2158, "High 4:2:2": 122, "High 4:2:2 Intra": 2170,
        "High 4:4:4 Predictive": 244, "High 4:4:4 Intra": 2292, "CAVLC 4:4:4": 44,
    },
    "hevc": {"Main": 1, "Main 10": 2, "Main Still Picture": 3, "Rext": 4, "Multiview Main": 6, "SCC": 9},
    "av1": {"Main": 0, "High": 1, "Professional": 2},
    "vp9": {"Profile 0": 0, "Profile 1": 1, "Profile 2": 2, "Profile 3": 3},
    "mpeg2video": {"4:2:2": 0, "High": 1, "SS": 2, "SNR-Scalable": 3, "Main": 4, "Simple": 5},
    "mpeg4": {"Simple Profile": 0, "Advanced Simple Profile": 15},
    "aac": {"Main": 0, "LC": 1, "SSR": 2, "LTP": 3, "HE-AAC": 4, "LD": 22, "HE-AACv2": 28, "ELD": 38, "xHE-AAC": 41},
}  # fmt: skip


def profile_number(codec: str, profile: object) -> int | None:
    """The number of a codec's profile; ffprobe prints those it has no name for as numbers."""
    name = str(profile)
    found = _PROFILES.get(codec, {}).get(name)
    if found is None and name.lstrip("-").isdigit() and 0 <= int(name) < 2**15:
        found = int(name)
    return found
