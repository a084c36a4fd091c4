"""Finding pictures by words: how far in front are those that people would expect?

    python benchmarks/quality/retrieval.py [--model starter] [--assets FOLDER] [--json] [--each]

Queries and what is expected are in queries.toml, written before the first run. Beside the figures of the model are
those of a random order on the same pictures, in the mean of 1000. The starter model's make was chosen by some of the
pictures (with other queries, of which some are alike); queries all of whose pictures were not among them are shown by
themselves.
"""

import argparse
import json
import random
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from asking import Models, options, run, shown
from pictures import KNOWN_TO_DESIGN, jpeg, pictures

SHUFFLES = 1000


def queries(there: Iterable[str]) -> dict[str, list[str]]:
    """Query -> the expected pictures that are there; those with none are left out."""
    wanted = tomllib.loads(Path(__file__).with_name("queries.toml").read_text())["queries"]
    known = set(there)
    found = {query: [name for name in names if name in known] for query, names in wanted.items()}
    return {query: names for query, names in found.items() if names}


def scores(ranks: Sequence[Sequence[int]]) -> dict[str, float]:
    """Of queries' ranks, each list in order."""
    first = np.array([each[0] for each in ranks])
    precision = [np.mean([(place + 1) / rank for place, rank in enumerate(each)]) for each in ranks]
    return {
        "queries": len(ranks),
        "first": int((first == 1).sum()),
        "in 3": int((first <= 3).sum()),
        "in 5": int((first <= 5).sum()),
        "mrr": float((1 / first).mean()),
        "map": float(np.mean(precision)),
    }


def by_chance(expected: Sequence[int], of: int) -> dict[str, float]:
    """Mean figures of random orders; `expected` are numbers of expected pictures."""
    generator = random.Random(7)
    rounds = [scores([sorted(generator.sample(range(1, of + 1), each)) for each in expected]) for _ in range(SHUFFLES)]
    return {name: float(np.mean([each[name] for each in rounds])) for name in rounds[0]}


def parts(ranks: dict[str, list[int]], wanted: dict[str, list[str]], of: int) -> dict[str, Any]:
    """Figures of all queries, and of those about pictures that had no part in the design."""
    unseen = [query for query, names in wanted.items() if not KNOWN_TO_DESIGN.intersection(names)]
    groups = {"all": list(wanted), "pictures unknown to the design": unseen}
    return {
        name: {
            "model": scores([ranks[query] for query in group]),
            "chance": by_chance([len(wanted[q]) for q in group], of),
        }
        for name, group in groups.items()
        if group
    }


async def measure(models: Models, arguments: argparse.Namespace) -> dict[str, Any]:
    there = pictures(arguments.assets)
    seen = [
        json.loads(await models.of_image(jpeg(picture.image), "clip", ["visual"], arguments.model))
        for picture in there.values()
    ]
    matrix, names = np.array(seen), list(there)
    wanted = queries(there)
    ranks: dict[str, list[int]] = {}
    instead: dict[str, list[str]] = {}
    for query, expected in wanted.items():
        vector = np.array(json.loads(await models.of_text(query, "clip", arguments.model)))
        order = [names[index] for index in np.argsort(-(matrix @ vector), kind="stable")]
        ranks[query] = sorted(order.index(name) + 1 for name in expected)
        instead[query] = order[:3]
    return {"pictures": len(there), "parts": parts(ranks, wanted, len(there)), "ranks": ranks, "first three": instead}


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    if arguments.each:
        for query, ranks in result["ranks"].items():
            print(f"{query:40} {' '.join(map(str, ranks)):24} first: {', '.join(result['first three'][query])}")
    print(f"{result['pictures']} pictures; share in brackets: 95 % interval")
    for name, part in result["parts"].items():
        model, chance = part["model"], part["chance"]
        print(f"\n{name}: {model['queries']} queries")
        for figure in ("first", "in 3", "in 5"):
            hits = shown(model[figure], model["queries"])
            print(f"  an expected picture {figure:6} {hits:28} chance {chance[figure]:.1f}")
        for figure in ("mrr", "map"):
            print(f"  {figure.upper():26} {model[figure]:<28.3f} chance {chance[figure]:.3f}")


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--each", action="store_true", help="show every query")
    run(parser, measure, show)


if __name__ == "__main__":
    main()
