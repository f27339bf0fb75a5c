"""The retention report: who can read what since when, from the statements of a log alone.

Everything here is worked out from what the log says, in one pass; no key is needed and no
file of the dataset is read. Verify the log before you believe it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from audit_ledger import Entry, LogVerdict
from redactory.evidence import split_area
from sealed_shards.layout import DATA, QUARANTINE

_KEY_CHANGES = ("granted", "revoked", "rewrapped", "shredded")
_PROOF_KINDS = ("trained", "predicted", "verified")
_AREA_NAMES = {DATA: "data", QUARANTINE: "quarantine"}


@dataclass
class _Shard:
    """A shard as the statements so far leave it."""

    stem: str
    records: int
    readers: dict[str, str]  # key id -> since when
    shredded: bool = False


@dataclass
class _Reader:
    """How a key was used."""

    accesses: int = 0
    newest: str | None = None
    purposes: dict[str, int] = field(default_factory=dict)


@dataclass
class _Dataset:
    """What is gathered on one dataset."""

    shards: dict[tuple[str, str], _Shard] = field(default_factory=dict)
    used: dict[str, _Reader] = field(default_factory=dict)
    versions: int = 0
    records: int = 0
    first_published: str | None = None
    newest_published: str | None = None
    newest_rotation: str | None = None
    newest_shredding: str | None = None
    shredded: int = 0
    decided: int = 0
    proofs: dict[str, dict[str, Any]] = field(default_factory=dict)
    policies: set[str] = field(default_factory=set)
    detectors: set[str] = field(default_factory=set)


def retention(entries: Iterable[Entry], verdict: LogVerdict) -> dict[str, Any]:
    """The report as one JSON value.

    Args:
        entries: all statements of a log, in order.
        verdict: of the log's verification.
    """
    datasets: dict[str, _Dataset] = {}
    newest = None
    for entry in entries:
        statement = entry.statement
        newest = statement.time
        named = getattr(statement.body, "dataset", None)
        if isinstance(named, str):
            dataset, area = split_area(named)
            gathered = datasets.setdefault(dataset, _Dataset())
            _gather(gathered, area, statement)
    return {
        "log": verdict.origin,
        "statements": verdict.size,
        "root": verdict.root.hex(),
        "intact": verdict.ok,
        "as_of": newest,
        "datasets": [_facts(name, datasets[name]) for name in sorted(datasets)],
    }


def as_json(report: dict[str, Any]) -> str:
    """The report for programs."""
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def as_markdown(report: dict[str, Any]) -> str:
    """The report for people and for version control."""
    return _render("retention.md", report, escape=False)


def as_html(report: dict[str, Any]) -> str:
    """The report as a self-contained page."""
    return _render("retention.html", report, escape=True)


def _gather(dataset: _Dataset, area: str, statement: Any) -> None:
    kind, body, time = statement.kind, statement.body, statement.time
    rules = statement.predicate.rules
    if rules is not None:
        dataset.policies.update(filter(None, [rules.policy]))
        dataset.detectors.update(filter(None, [rules.detector]))
    if kind in ("sealed", "quarantined"):
        dataset.shards[area, body.shard] = _Shard(
            stem=f"{body.shard}.{body.header.get('sha256', '')[:16]}",
            records=body.records if kind == "quarantined" else int(body.header.get("rows", 0)),
            readers=dict.fromkeys(body.kids, time),
        )
    elif kind in _KEY_CHANGES:
        _change_keys(dataset, area, kind, body, time)
    elif kind == "published":
        dataset.versions = body.version
        dataset.records += body.records
        dataset.first_published = dataset.first_published or time
        dataset.newest_published = time
    elif kind == "unwrapped":
        used = dataset.used.setdefault(body.kid, _Reader())
        used.accesses += 1
        used.newest = time
        used.purposes[body.purpose] = used.purposes.get(body.purpose, 0) + 1
    elif kind in ("decided", "released"):
        dataset.decided += int(getattr(body, "records", 0) or 0)
    if kind in _PROOF_KINDS:
        proof = dataset.proofs.setdefault(kind, {"statements": 0, "newest": None})
        proof["statements"] += 1
        proof["newest"] = time


def _change_keys(dataset: _Dataset, area: str, kind: str, body: Any, time: str) -> None:
    by_stem = {
        shard.stem: shard
        for (where, _), shard in dataset.shards.items()
        if where == area and not shard.shredded
    }
    for stem in body.stems:
        shard = by_stem.get(stem)
        if shard is None:
            continue  # a version that was sealed again since: its rows live on in the next one
        shard.readers = {kid: shard.readers.get(kid, time) for kid in body.kids}
        if kind == "shredded":
            shard.shredded = True
            dataset.shredded += 1
            dataset.newest_shredding = time
    if kind == "rewrapped":
        dataset.newest_rotation = time


def _facts(name: str, dataset: _Dataset) -> dict[str, Any]:
    live = {key: shard for key, shard in dataset.shards.items() if not shard.shredded}
    withheld = sum(s.records for (area, _), s in live.items() if area == QUARANTINE)
    return {
        "dataset": name,
        "version": dataset.versions,
        "records_published": dataset.records,
        "first_published": dataset.first_published,
        "newest_published": dataset.newest_published,
        "shards": sum(1 for area, _ in live if area == DATA),
        "readers": _readers(dataset, live),
        "newest_rotation": dataset.newest_rotation,
        "shredded_shards": dataset.shredded,
        "newest_shredding": dataset.newest_shredding,
        "quarantined_records": withheld,
        "open_quarantine": max(0, withheld - dataset.decided),
        "proofs": dict(sorted(dataset.proofs.items())),
        "policies": sorted(dataset.policies),
        "detectors": sorted(dataset.detectors),
    }


def _readers(dataset: _Dataset, live: dict[tuple[str, str], _Shard]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for (area, _), shard in live.items():
        for kid, since in shard.readers.items():
            facts = found.setdefault(
                (area, kid),
                {"key": kid, "area": _AREA_NAMES.get(area, area), "shards": 0, "since": since},
            )
            facts["shards"] += 1
            facts["since"] = min(facts["since"], since)
    for (_, kid), facts in found.items():
        used = dataset.used.get(kid, _Reader())
        facts |= {
            "accesses": used.accesses,
            "newest_access": used.newest,
            "purposes": dict(sorted(used.purposes.items())),
        }
    return [found[key] for key in sorted(found)]


def _render(template: str, report: dict[str, Any], *, escape: bool) -> str:
    environment = Environment(
        loader=PackageLoader("redactory"),
        autoescape=escape,  # noqa: S701 - Markdown holds only what the log's models let in
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(report=report)
