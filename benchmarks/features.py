"""Features of this package beside scikit-learn's ``HashingVectorizer``: accuracy and speed.

Three sets: class of English and Chinese letters (the bundled corpus's generator); whether a line
of English documentation is from the Python manual, and one of Chinese documentation from
LibreOffice's help (real text, in the tests' data). Accuracy is that of logistic regression
(C = 10) on a held-out quarter; speed is of one core, on the letters, medians of five.

    python benchmarks/features.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

from mpc_jobs.features import FeatureSpec, HashedNgrams, open_featuriser
from redactory.demo_corpus.generate import generate

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "benchmarks" / "features.md"
ROUNDS = 5
# The first share of each file, in bytes, says tests/data/README.md.
FIRST_SHARES = {"no_pii_en": 600_000, "no_pii_zh": 700_000}


class Labelled(NamedTuple):
    """Texts and their classes."""

    name: str
    texts: list[str]
    classes: NDArray[Any]


Rows = Callable[[list[str]], Any]


def ours(d: int, **rules: Any) -> Rows:
    """This package's rows."""
    featuriser = open_featuriser(FeatureSpec(d=d, featuriser=HashedNgrams(**rules)))
    return featuriser.rows


def theirs(d: int, **options: Any) -> Rows:
    """scikit-learn's rows."""
    rows: Rows = HashingVectorizer(n_features=d, **options).transform
    return rows


def ways(d: int) -> dict[str, Rows]:
    """What is compared, by name."""
    return {
        "words, n-grams of 3 and 4 characters (the default)": ours(d),
        "words": ours(d, chars=None),
        "words and word pairs": ours(d, words=2, chars=None),
        "HashingVectorizer, words": theirs(d),
        "HashingVectorizer, words and word pairs": theirs(d, ngram_range=(1, 2)),
        "HashingVectorizer, 3 to 4 characters within words": theirs(
            d, analyzer="char_wb", ngram_range=(3, 4)
        ),
    }


def sets(*, quick: bool) -> list[Labelled]:
    """The three sets."""
    documents = list(generate(7, 1000 if quick else 4000))
    letters = [each["text"] for each in documents]
    found = [Labelled("letters", letters, np.array([each["label"] for each in documents]))]
    for name, share in FIRST_SHARES.items():
        with lzma.open(ROOT / "tests" / "data" / f"{name}.txt.xz", "rt", encoding="utf-8") as file:
            lines = file.read().splitlines()
        ends = np.cumsum([len(line.encode()) + 1 for line in lines])
        step = 4 if quick else 1
        found.append(Labelled(name.removeprefix("no_pii_"), lines[::step], (ends < share)[::step]))
    return found


def accuracy(rows: Rows, labelled: Labelled) -> float:
    """Of logistic regression on a held-out quarter."""
    x = rows(labelled.texts)
    x = x / 2**20 if isinstance(x, np.ndarray) else x
    order = np.random.default_rng(0).permutation(len(labelled.texts))
    train, test = np.split(order, [3 * len(order) // 4])
    model = LogisticRegression(C=10, max_iter=1000).fit(x[train], labelled.classes[train])
    return float(model.score(x[test], labelled.classes[test]))


def speed(rows: Rows, texts: list[str]) -> float:
    """MB of UTF-8 a CPU second."""
    size = sum(len(text.encode()) for text in texts) / 1e6
    seconds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        rows(texts)
        seconds.append(time.process_time() - began)
    return size / statistics.median(seconds)


def main() -> None:
    """Measure, print, and (in full) write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="less text, about a minute")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    labelled = sets(quick=options.quick)
    cases: list[dict[str, Any]] = []
    for d in (256, 1024):
        for name, rows in ways(d).items():
            rows(labelled[0].texts[:1])  # compiles
            scores = {each.name: round(accuracy(rows, each), 4) for each in labelled}
            mb = round(speed(rows, labelled[0].texts), 2)
            cases.append({"way": name, "d": d, "accuracy": scores, "mb_per_cpu_s": mb})
    wide = {case["way"]: case for case in cases if case["d"] == 1024}
    default, rival = (
        wide["words, n-grams of 3 and 4 characters (the default)"],
        wide["HashingVectorizer, 3 to 4 characters within words"],
    )
    ratios = {"mb_per_cpu_s": default["mb_per_cpu_s"]}
    ratios["vs_hashing_vectorizer"] = round(default["mb_per_cpu_s"] / rival["mb_per_cpu_s"], 2)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}"
    if options.json:
        facts = {"name": "features", "machine": machine, "cases": cases, "ratios": ratios}
        print(json.dumps(facts))
        return
    head = " | ".join(each.name for each in labelled)
    lines = [f"| features | a row | {head} | MB/CPU s |", "|---|---:|" + "---:|" * 4]
    lines += [
        f"| {case['way']} | {case['d']:,} | "
        + " | ".join(f"{value:.1%}" for value in case["accuracy"].values())
        + f" | {case['mb_per_cpu_s']:.1f} |"
        for case in cases
    ]
    told = "\n".join(f"* {name}: {value}" for name, value in ratios.items())
    about = __doc__.split("\n\n")[1]
    page = f"# Features\n\n`python benchmarks/features.py` on {machine}.\n\n{about}\n\n"
    page += "\n".join(lines) + f"\n\n{told}"
    print(page)
    if not options.quick:
        TARGET.write_text(f"{page}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
