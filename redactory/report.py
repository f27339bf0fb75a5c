"""The report of a run: one self-contained HTML page of counts and digests, for a person.

It holds no text, no path and no name; its digest is part of the manifest, so the page is
as tamper-evident as the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from pii_rules.utility import Utility
from redactory import __version__
from sealed_shards.manifest import Manifest

if TYPE_CHECKING:
    from pii_rules.residual import Residual

_BAR_WIDTH = 420
_SHARDS_SHOWN = 200
_MANY = 1 << 62
_GROUP_SIZES = (
    ("1", 1, 1),
    ("2", 2, 2),
    ("3 to 4", 3, 4),
    ("5 to 9", 5, 9),
    ("10 to 19", 10, 19),
    ("20 and more", 20, _MANY),
)


@dataclass(frozen=True)
class ReportFacts:
    """What the report says."""

    manifest: Manifest
    entities: Mapping[str, int]
    operators: Mapping[str, int]
    reasons: Mapping[str, int]
    detector: Mapping[str, str]
    same_quarantine_key: bool
    leak_gate: bool
    residuals: Sequence[Residual]
    utility: Utility
    collisions: int
    k: int
    checkpoint_size: int
    checkpoint_root: str
    log_origin: str
    log_key_fingerprint: str


@dataclass(frozen=True)
class Bar:
    """One bar of a chart."""

    label: str
    count: int
    width: float


def render_report(facts: ReportFacts) -> bytes:
    """The page, UTF-8."""
    environment = Environment(
        loader=PackageLoader("redactory"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("run_report.html").render(
        facts=facts,
        manifest=facts.manifest,
        share=facts.manifest.quarantined / max(1, facts.manifest.records_in),
        entities=_bars(facts.entities),
        reasons=_bars(facts.reasons),
        bar_width=_BAR_WIDTH,
        utility=facts.utility,
        groups=group_bars(facts.utility.groups.sizes()),
        shards=facts.manifest.shards[:_SHARDS_SHOWN],
        more_shards=max(0, len(facts.manifest.shards) - _SHARDS_SHOWN),
        version=__version__,
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    return page.encode()


def group_bars(sizes: Sequence[int]) -> list[Bar]:
    """How many groups of quasi-identifiers have which size."""
    counts = {
        label: sum(low <= size <= high for size in sizes) for label, low, high in _GROUP_SIZES
    }
    largest = max(counts.values(), default=0) or 1
    return [Bar(label, count, _BAR_WIDTH * count / largest) for label, count in counts.items()]


def _bars(counts: Mapping[str, int]) -> list[Bar]:
    largest = max(counts.values(), default=0)
    return [
        Bar(label, count, max(2.0, _BAR_WIDTH * count / largest))
        for label, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
