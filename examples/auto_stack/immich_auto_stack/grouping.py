"""Which photos belong together; no database, no framework."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from pathlib import PurePath
from uuid import UUID

from immich_auto_stack.settings import AutoStack

RAW_SUFFIXES = """.3fr .ari .arw .cap .cin .cr2 .cr3 .crw .dcr .dng .erf .fff .iiq .k25 .kdc .mrw .nef .nrw .orf .ori
.pef .raf .raw .rw2 .rwl .sr2 .srf .srw .x3f"""
RAW = frozenset(RAW_SUFFIXES.split())
BY_PAIR, BY_ID, BY_TIME = "raw_pair", "burst", "burst_by_time"


@dataclass(frozen=True, slots=True)
class Photo:
    """What the rules look at; `camera` is make and model, `burst` the burst id."""

    id: UUID
    name: str
    taken: datetime
    camera: tuple[str, str] | None = None
    burst: str | None = None

    @property
    def is_raw(self) -> bool:
        """Whether the file's extension is that of a camera's RAW format."""
        return PurePath(self.name).suffix.lower() in RAW

    @property
    def stem(self) -> str:
        """The name without extension and case."""
        return PurePath(self.name).stem.lower()


@dataclass(frozen=True, slots=True)
class Group:
    """Photos of one stack, the first to be shown, and the rules that joined them."""

    photos: tuple[Photo, ...]
    rules: frozenset[str]


def group_of(seed: UUID, photos: Iterable[Photo], rules: AutoStack) -> Group | None:
    """The stack that a photo belongs into, None where it stands alone.

    Args:
        seed: The photo.
        photos: It and all that may be related, of one owner.
        rules: Which relations count.
    """
    known = {photo.id: photo for photo in photos}
    if seed not in known:
        return None
    links = [*_pairs(known.values(), rules), *_same_id(known.values(), rules)]
    links += _runs(list(known.values()), rules, _roots(known, links))
    roots = _roots(known, links)
    members = [photo for photo in known.values() if roots[photo.id] == roots[seed]]
    if len(members) < 2:
        return None
    used = frozenset(rule for one, _, rule in links if roots[one] == roots[seed])
    return Group(tuple(sorted(members, key=_order(members, rules))), used)


type _Link = tuple[UUID, UUID, str]


def _order(members: Sequence[Photo], rules: AutoStack) -> Callable[[Photo], tuple[object, ...]]:
    """The cover of a burst first, then by time; of a pair the one that the rules want shown."""
    covers = {photo.stem for photo in members if "cover" in photo.stem}
    raw_first = rules.shown == "raw"
    return lambda photo: (photo.stem not in covers, photo.is_raw is not raw_first, photo.taken, photo.stem, photo.id)


def _pairs(photos: Iterable[Photo], rules: AutoStack) -> list[_Link]:
    if not rules.raw_pairs:
        return []
    named: dict[str, list[Photo]] = {}
    for photo in photos:
        named.setdefault(photo.stem, []).append(photo)
    reach = timedelta(seconds=rules.pair_seconds)
    return [
        (one.id, other.id, BY_PAIR)
        for same in named.values()
        for one, other in combinations(same, 2)
        if one.is_raw is not other.is_raw and abs(one.taken - other.taken) <= reach and _one_camera(one, other)
    ]


def _one_camera(one: Photo, other: Photo) -> bool:
    """Whether nothing speaks against it: converted files may have lost the camera's name."""
    return one.camera is None or other.camera is None or one.camera == other.camera


def _same_id(photos: Iterable[Photo], rules: AutoStack) -> list[_Link]:
    first: dict[str, UUID] = {}
    marked = [(photo.burst, photo.id) for photo in photos if photo.burst] if rules.bursts else []
    return [(first[burst], each, BY_ID) for burst, each in marked if first.setdefault(burst, each) != each]


def _runs(photos: list[Photo], rules: AutoStack, roots: dict[UUID, UUID]) -> list[_Link]:
    """Links along each run of enough photos of one camera with short pauses between them."""
    links: list[_Link] = []
    if not rules.bursts_by_time:
        return links
    cameras: dict[tuple[str, str], list[Photo]] = {}
    for photo in sorted(photos, key=lambda each: (each.taken, each.id)):
        if photo.camera is not None:
            cameras.setdefault(photo.camera, []).append(photo)
    for taken in cameras.values():
        for run in _split(taken, timedelta(seconds=rules.burst_seconds)):
            if len({roots[photo.id] for photo in run}) >= rules.burst_minimum:
                links += [(one.id, other.id, BY_TIME) for one, other in pairwise(run)]
    return links


def _split(photos: Sequence[Photo], pause: timedelta) -> list[list[Photo]]:
    runs: list[list[Photo]] = []
    for photo in photos:
        if runs and photo.taken - runs[-1][-1].taken <= pause:
            runs[-1].append(photo)
        else:
            runs.append([photo])
    return runs


def _roots(photos: Iterable[UUID], links: Iterable[_Link]) -> dict[UUID, UUID]:
    """Photo -> one photo that stands for all it is linked to."""
    roots = {each: each for each in photos}

    def root(each: UUID) -> UUID:
        while roots[each] != each:
            each = roots[each]
        return each

    for one, other, _ in links:
        roots[root(one)] = root(other)
    return {each: root(each) for each in roots}
