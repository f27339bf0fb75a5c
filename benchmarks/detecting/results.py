"""Scores of one system on one set, gathered for the page and for ``--json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import scoring
from benchmarks.detecting.sets import Gold, Set, documents
from benchmarks.scoring import Interval, Span


@dataclass(frozen=True)
class Score:
    """One system on one set.

    Attributes:
        system: its name.
        set_name: the set's name.
        overlap: precision, recall and F1 by label; None where gold has no such label.
        exact: the same for equal borders.
        cover: characters covered, spans whole, character precision.
        whole: by gold label, spans wholly covered and all spans.
        stray: by found type, characters outside of gold spans.
        gold: gold spans by label, under common names.
        kilobytes: kB of text per CPU second.
        failed: records on which the system failed; they count as nothing found.
    """

    system: str
    set_name: str
    overlap: Mapping[str, Mapping[str, Interval]]
    exact: Mapping[str, Mapping[str, Interval]]
    cover: Mapping[str, Interval]
    whole: Mapping[str, tuple[int, int]]
    stray: Mapping[str, int]
    gold: Mapping[str, int]
    kilobytes: float
    failed: int

    def found_any(self, label: str) -> bool:
        """Whether any finding of that label was right."""
        return self.overlap[label]["precision"].value > 0

    def ratios(self) -> dict[str, float]:
        """Fixed names and values for ``--json``; peers' begin with their name."""
        prefix = "" if self.system == "redactory" else f"{self.system}."
        told = {f"{label}.f1": m["f1"].value for label, m in self.overlap.items()}
        told |= {f"{label}.exact_f1": m["f1"].value for label, m in self.exact.items()}
        told |= {name: interval.value for name, interval in self.cover.items()}
        told["kB_per_cpu_s"] = self.kilobytes
        return {f"{prefix}{self.set_name}.{name}": round(v, 4) for name, v in told.items()}

    def as_json(self) -> dict[str, Any]:
        """The whole score; an interval is [value, low, high]."""

        def rounded(measures: Mapping[str, Interval]) -> dict[str, list[float]]:
            return {name: [round(v, 4) for v in interval] for name, interval in measures.items()}

        return {
            "system": self.system,
            "set": self.set_name,
            "overlap": {label: rounded(measures) for label, measures in self.overlap.items()},
            "exact": {label: rounded(measures) for label, measures in self.exact.items()},
            "cover": rounded(self.cover),
            "whole": {label: list(counts) for label, counts in self.whole.items()},
            "stray": dict(self.stray),
            "gold": dict(self.gold),
            "kB_per_cpu_s": round(self.kilobytes, 1),
            "failed": self.failed,
        }


def score(
    system: str,
    one: Set,
    gold: list[Gold],
    found: Mapping[str, list[Span]],
    *,
    kilobytes: float,
    failed: int,
    resamples: int,
) -> Score:
    """All measures of one system on one set."""
    beside = documents(gold, found)
    common = scoring.named(beside, one.aliases)
    counts = {
        label: sum(span[2] == label for document in common for span in document.gold)
        for label in one.labels
    }
    labels = [label for label, count in counts.items() if count]
    return Score(
        system=system,
        set_name=one.name,
        overlap={
            label: scoring.matched_measures(scoring.overlap_counts(common, label), resamples)
            for label in labels
        },
        exact={
            label: scoring.matched_measures(scoring.exact_counts(common, label), resamples)
            for label in labels
        },
        cover=scoring.cover_measures(scoring.cover_counts(beside, ignored=one.ignored), resamples),
        whole=scoring.whole_by_label(beside),
        stray=scoring.stray_by_type(beside, ignored=one.ignored),
        gold={label: counts[label] for label in labels},
        kilobytes=kilobytes,
        failed=failed,
    )
