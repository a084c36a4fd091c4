"""Telling copies of a picture from other pictures, with the settings that are shipped.

    python benchmarks/quality/duplicates.py [--model starter] [--assets FOLDER] [--json]

Copies are made of every picture (copies.py says how); those of the first kind are to be found, those of the second
may be. Different are: every two pictures, all their copies of the first kind, and 12 letters of one sender with other
words. What is a duplicate is decided as the plugin does: by the distance of features, then by the grey maps.
"""

import argparse
import itertools
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from asking import Models, options, run, shown
from copies import EDITED, SAME, pages
from pictures import jpeg, pictures, seconds
from PIL import Image

from immich_duplicates.matching import is_same
from immich_duplicates.settings import DuplicateDetection
from immich_duplicates.task import TASK, TYPE

MAX_DISTANCE = DuplicateDetection().max_distance
LETTERS = 12
PAIRS = (
    ("torcal", "torcal_again", "the same file"),
    ("torcal", "torcal_jpeg", "the same file by another name"),
    ("portrait", "portrait_captions", "the same photo with captions"),
    ("chessboard", "chessboard_rgb", "the same drawing"),
    ("motorcycle", "motorcycle_right", "the other eye of a stereo camera"),
)
"""Pairs among the pictures themselves; people would decide the last one this way or that."""
ALIKE = {frozenset(pair[:2]) for pair in PAIRS}


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture's fingerprint."""

    vector: np.ndarray
    details: bytes

    def distance(self, other: "Seen") -> float:
        """Of the features: 1 - cosine."""
        return max(0.0, float(1 - self.vector @ other.vector))

    def is_duplicate(self, other: "Seen") -> bool:
        """As the plugin decides."""
        return self.distance(other) <= MAX_DISTANCE and is_same({0: self.details}, {0: other.details})


async def look(models: Models, image: Image.Image, model: str) -> Seen:
    output = await models.of_image(jpeg(image), TASK, [TYPE], model)
    return Seen(np.array(orjson.loads(output["embedding"]), np.float32), b64decode(output["details"]))


def of_copies(originals: dict[str, Seen], copies: dict[str, dict[str, Seen]]) -> dict[str, Any]:
    """For each kind: how many copies are found, and those that are not."""
    result: dict[str, Any] = {}
    for kind, seen in copies.items():
        missed = [name for name, copy in seen.items() if not originals[name].is_duplicate(copy)]
        farthest = max(originals[name].distance(copy) for name, copy in seen.items())
        result[kind] = {"copies": len(seen), "missed": missed, "farthest": farthest}
    return result


def of_others(groups: dict[str, list[Seen]]) -> dict[str, Any]:
    """Every two of different groups: how many are taken for duplicates, and the nearest."""
    result: dict[str, Any] = {"pairs": 0, "near": 0, "wrong": 0, "wrong ones": []}
    nearest: list[tuple[float, str]] = []
    for (one, left), (other, right) in itertools.combinations(groups.items(), 2):
        if frozenset((one, other)) in ALIKE:
            continue
        distances = [(first.distance(second), first, second) for first in left for second in right]
        result["pairs"] += len(distances)
        near = [pair for pair in distances if pair[0] <= MAX_DISTANCE]
        result["near"] += len(near)
        wrong = sum(first.is_duplicate(second) for _, first, second in near)
        result["wrong"] += wrong
        if wrong:
            result["wrong ones"].append(f"{one} and {other}")
        nearest.append((min(pair[0] for pair in distances), f"{one} and {other}"))
    return result | {"nearest": sorted(nearest)[:5]}


async def measure(models: Models, arguments: argparse.Namespace) -> dict[str, Any]:
    there = pictures(arguments.assets)
    originals = {name: await look(models, picture.image, arguments.model) for name, picture in there.items()}
    copies = {
        kind: {name: await look(models, change(picture.image), arguments.model) for name, picture in there.items()}
        for kind, change in (SAME | EDITED).items()
    }
    others = {name: await look(models, each.image, arguments.model) for name, each in seconds(arguments.assets).items()}
    letters = [await look(models, page, arguments.model) for page in pages(LETTERS)]
    everything = originals | others
    groups = {name: [seen, *(copies[kind][name] for kind in SAME)] for name, seen in originals.items()}
    return {
        "pictures": len(there),
        "copies": of_copies(originals, {kind: copies[kind] for kind in SAME}),
        "edited": of_copies(originals, {kind: copies[kind] for kind in EDITED}),
        "different pictures": of_others({name: [seen] for name, seen in originals.items()}),
        "different pictures, with copies": of_others(groups),
        "letters": of_others({f"letter {number}": [seen] for number, seen in enumerate(letters)}),
        "pairs": {
            f"{one} and {other}: {what}": [
                everything[one].distance(everything[other]),
                everything[one].is_duplicate(everything[other]),
            ]
            for one, other, what in PAIRS
            if one in everything and other in everything
        },
    }


def show(result: dict[str, Any], _: argparse.Namespace) -> None:
    print(f"{result['pictures']} pictures; features up to {MAX_DISTANCE} apart, then their maps decide")
    for part, title in (("copies", "to be found"), ("edited", "found or not")):
        print(f"\n{title}")
        for kind, each in result[part].items():
            hits = each["copies"] - len(each["missed"])
            line = f"  {kind:24} {shown(hits, each['copies']):24} farthest {each['farthest']:.3f}"
            print(line, f" missed: {', '.join(each['missed'])}" if part == "copies" and each["missed"] else "")
    print("\nto be told apart")
    for part in ("different pictures", "different pictures, with copies", "letters"):
        each = result[part]
        print(f"  {part:32} wrong {shown(each['wrong'], each['pairs']):28} near by feature alone {each['near']}")
        print(f"    nearest: {', '.join(f'{names} {distance:.3f}' for distance, names in each['nearest'][:3])}")
        if each["wrong ones"]:
            print(f"    wrong: {', '.join(each['wrong ones'])}")
    print("\npairs that came with the pictures")
    for pair, (distance, is_duplicate) in result["pairs"].items():
        print(f"  {pair:64} {distance:.3f} {'duplicates' if is_duplicate else 'different'}")


def main() -> None:
    run(options(__doc__), measure, show)


if __name__ == "__main__":
    main()
