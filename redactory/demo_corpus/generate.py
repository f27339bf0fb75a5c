"""Makes the demonstration corpus: ``python -m redactory.demo_corpus.generate --output FILE``.

A cast of invented people, a triage grade for each document, one template of its domain and
language, and the slots filled in. The same seed and count give the same bytes; the committed
``corpus.jsonl`` is what the defaults give. Standard library only.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from redactory.demo_corpus.facts import document_facts
from redactory.demo_corpus.identifiers import Region
from redactory.demo_corpus.markup import expand, render
from redactory.demo_corpus.people import Person, draw_person
from redactory.demo_corpus.triage import Features, draw_features, draw_label
from redactory.demo_corpus.wording import load_wording

DOMAINS = ("clinical", "bank", "citizen", "support")
DEFAULT_SEED = 7
DEFAULT_DOCUMENTS = 400
_DOCUMENTS_PER_PERSON = 4
_REGION_CYCLE: tuple[Region, ...] = ("uk", "cn", "us", "uk", "cn")


def generate(seed: int, documents: int) -> Iterator[dict[str, Any]]:
    """Yield ``documents`` documents, each a JSON object as in ``corpus.jsonl``.

    Args:
        seed: decides everything; equal seeds give equal documents.
        documents: how many; about 60 % come out English, 40 % Chinese.
    """
    random = Random(seed)  # noqa: S311 - a reproducible corpus, not a secret
    cast = _draw_cast(random, max(1, documents // _DOCUMENTS_PER_PERSON))
    appearances = [cast[number % len(cast)] for number in range(documents)]
    random.shuffle(appearances)
    for number, person in enumerate(appearances, start=1):
        yield _draw_document(random, number, person)


def _draw_cast(random: Random, size: int) -> list[Person]:
    return [
        draw_person(random, number, _REGION_CYCLE[number % len(_REGION_CYCLE)])
        for number in range(1, size + 1)
    ]


def _draw_document(random: Random, number: int, person: Person) -> dict[str, Any]:
    domain = random.choice(DOMAINS)
    features = draw_features(random)
    template = _draw_template(random, load_wording(f"{domain}_{person.lang}"), features)
    text, spans = render(template, document_facts(random, person, domain))
    return {
        "id": f"D-{number:04d}",
        "lang": person.lang,
        "domain": domain,
        "subject": person.subject,
        "text": text,
        "label": draw_label(random, features),
        "spans": [list(span) for span in spans],
    }


def _draw_template(random: Random, wording: dict[str, Any], features: Features) -> str:
    topic = random.choice(wording["topics"])
    aside, aside2 = random.sample(wording["asides"], 2)
    phrases = {
        "title": topic["title"],
        "severity": random.choice(topic["severity"][features.severity]),
        "course": random.choice(wording["course"][features.course]),
        "impact": random.choice(wording["impact"][features.impact]),
        "request": random.choice(wording["request"][features.request]),
        "aside": aside,
        "aside2": aside2,
    }
    return expand(random.choice(wording["shapes"]).strip(), phrases)


def as_line(document: dict[str, Any]) -> str:
    """Canonical JSON of ``document`` (sorted keys, no spaces, UTF-8 as it is) and a newline."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line: write the corpus to ``--output``."""
    parser = argparse.ArgumentParser(description="Make the demonstration corpus.")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--documents", type=int, default=DEFAULT_DOCUMENTS)
    options = parser.parse_args(arguments)
    with options.output.open("w", encoding="utf-8", newline="\n") as output:
        output.writelines(as_line(each) for each in generate(options.seed, options.documents))


if __name__ == "__main__":
    main()
