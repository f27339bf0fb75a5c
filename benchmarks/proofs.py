"""Proofs of predictions: what they cost to make, to check and to keep, beside EZKL.

CPU seconds of one core, medians of five after one that is not counted. Weights and inputs are
integers of twelve bits, scores of 32; the network 256-32-10 has ReLU and weights of eight bits.
"One row" is the short form for one row with a hidden score, "block" the form for shards. Bytes
are those of the proof itself: labels and commitments to rows are public beside it. The
commitment to a row is made once, for all models; it is shown by itself, and shard figures are
given with it and without. Memory is the peak of a process that proves and verifies that alone.
Nothing needs a trusted set-up: generators are hashed when a process first needs them.

EZKL proves the same statement about the same integers: labels are public, the model and the
row are hidden and committed to. Its settings are those of its own calibration, on one core; its
reference string is made by its own ``gen_srs``, as it cannot be downloaded everywhere, and is
not counted as set-up. In full it also runs with a model and input that are not bound to anything,
which proves less and is cheaper. Peers live in environments of their own below ``--peers DIR``
(made with pip at first use); one that cannot be installed or does not finish is named and left
out. Sums of multiples of points are what all of these proofs spend their time on; arkworks' are
on BLS12-381, which is a larger curve.

    python benchmarks/proofs.py [--quick] [--json] [--peers DIR] [--only KEY ...]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from detecting.environments import Environment, NotInstallableError, interpreter
from proving import ours, rivals
from proving.ours import BLOCK, ROW, SHARD_ROWS, Measured
from proving.page import growth, plot, ratio_table, sums_table, table
from proving.worlds import Shape

TARGET = Path(__file__).resolve().parents[1] / "docs" / "benchmarks" / "proofs.md"
PEERS = Path.home() / ".cache" / "redactory-benchmark-peers"
MLP = Shape(classes=10, hidden=32)
SHARD = Shape(rows=SHARD_ROWS)
_GROWTH = (
    "One row of a sign by number of inputs; a block of one row by number of classes; shards of "
    "256 inputs and a sign by number of rows:"
)
WANTED = {
    "prove_vs_ezkl": "≥ 400",
    "verify_ms": "≤ 6",
    "single_bytes": "≤ 1,300",
    "shard_prove_ms_per_row": "≤ 0.4",
    "shard_bytes": "≤ 2,000",
    "audit_us_per_row": "≤ 20",
    "mlp_prove_ms": "≤ 120",
    "memory_mb": "≤ 300",
}


@dataclass
class Results:
    """What was measured so far.

    Attributes:
        found: cases by key.
        sums: CPU seconds of sums of multiples of points.
        audit: (CPU seconds, rows) of one audit of 16 shards.
        by_d, by_classes, by_rows: cases for the pictures.
        tables_s: CPU seconds to hash the generators and make their tables.
        left_out: peers that were not measured.
    """

    found: dict[str, Measured] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)
    audit: tuple[float, int] = (0.0, 1)
    by_d: list[tuple[float, Measured]] = field(default_factory=list)
    by_classes: list[tuple[float, Measured]] = field(default_factory=list)
    by_rows: list[tuple[float, Measured]] = field(default_factory=list)
    tables_s: float = 0.0
    left_out: list[str] = field(default_factory=list)

    def ratios(self) -> dict[str, float]:
        """The fixed ratios, and what belongs beside them."""
        single, shard, mlp = (self.found[key] for key in ("single", "shard", "mlp"))
        made = {
            "verify_ms": single.verify_s * 1e3,
            "single_bytes": single.proof_bytes,
            "shard_prove_ms_per_row": shard.prove_s / shard.rows * 1e3,
            "shard_with_commitment_ms_per_row": (shard.prove_s + (shard.commit_s or 0))
            / shard.rows
            * 1e3,
            "commit_ms_per_row": (shard.commit_s or 0) / shard.rows * 1e3,
            "shard_bytes": shard.proof_bytes,
            "audit_us_per_row": self.audit[0] / self.audit[1] * 1e6,
            "mlp_prove_ms": mlp.prove_s * 1e3,
            "memory_mb": max(m.memory_mb or 0 for m in (single, shard, mlp)),
            "tables_ms": self.tables_s * 1e3,
        }
        peers = {
            "prove_vs_ezkl": "ezkl",
            "argmax_prove_vs_ezkl": "ezkl_argmax",
            "prove_vs_ezkl_unbound": "ezkl_unbound",
        }
        for name, key in peers.items():
            if key in self.found:
                own = self.found["argmax"] if key == "ezkl_argmax" else single
                made[name] = self.found[key].prove_s / own.prove_s
        for name, key in (("sum_vs_arkworks", "arkworks"), ("sum_vs_libsodium", "libsodium")):
            if key in self.sums:
                made[name] = self.sums[key] / self.sums["redactory, new points"]
        return {name: round(value, 4) for name, value in made.items()}

    def as_json(self) -> str:
        """One object, as the other benchmarks print it."""
        cases = [*self.found.values()]
        cases += [m for _, m in (*self.by_d, *self.by_classes, *self.by_rows)]
        return json.dumps(
            {
                "name": "proofs",
                "machine": machine(),
                "cases": [each.as_json() for each in cases],
                "ratios": self.ratios(),
                "sums_s": self.sums,
            }
        )

    def page(self) -> str:
        """The page, Markdown."""
        about = __doc__.partition("\n\n")[2].partition("\n\n    python")[0]
        if self.left_out:
            about += f"\n\nNot measured in this run: {'; '.join(self.left_out)}."
        return "\n\n".join(
            [
                f"# Proofs of predictions\n\n`python benchmarks/proofs.py` on {machine()}.",
                about,
                ratio_table(self.ratios(), WANTED),
                table(list(self.found.values())),
                sums_table(self.sums),
                _GROWTH,
                "![Growth with inputs, classes and rows](proofs.svg)",
            ]
        )

    def write(self) -> None:
        """The page and its picture."""
        TARGET.write_text(f"{self.page()}\n", encoding="utf-8")
        pictures = [
            growth("One row", "inputs", self.by_d),
            growth("One row", "classes", self.by_classes),
            growth("One shard", "rows", self.by_rows),
        ]
        TARGET.with_suffix(".svg").write_text(plot(pictures), encoding="utf-8")


def cases(results: Results, rounds: int) -> None:
    """The statements of the ratios, and others of their kind."""
    plan = [("single", Shape(), ROW, "row"), ("shard", SHARD, BLOCK, "shard")]
    plan += [("mlp", MLP, BLOCK, "mlp"), ("argmax", Shape(classes=10), BLOCK, "")]
    plan += [("two", Shape(classes=2), BLOCK, ""), ("large", Shape(d=1024), ROW, "")]
    plan += [("large_argmax", Shape(d=1024, classes=10), BLOCK, "")]
    plan += [("large_shard", Shape(d=1024, rows=SHARD_ROWS), BLOCK, "")]
    for key, shape, request, alone in plan:
        each = ours.measure(shape, request, rounds=rounds)
        if alone:
            each = replace(each, memory_mb=ours.memory_mb(alone))
        results.found[key] = _said(each)
    results.tables_s = ours.generators()
    results.audit = ours.audited()
    told(f"audit of 16 shards: {results.audit[0] / results.audit[1] * 1e6:.1f} CPU µs a row")


def growths(results: Results, rounds: int, *, quick: bool) -> None:
    """How the costs grow."""
    for d in (64, 256, 1024) if quick else (16, 64, 256, 1024, 4096):
        results.by_d.append((d, _said(ours.measure(Shape(d=d), ROW, rounds=rounds))))
    for k in (1, 2, 10) if quick else (1, 2, 5, 10, 20, 50):
        results.by_classes.append((k, _said(ours.measure(Shape(classes=k), rounds=rounds))))
    for rows in (1, 60, 960) if quick else (1, 16, 60, 240, 960, 3840):
        results.by_rows.append((rows, _said(ours.measure(Shape(rows=rows), rounds=rounds))))


def peers(results: Results, place: Path, only: Sequence[str], *, quick: bool) -> None:
    """Everybody else; who cannot be measured is named."""
    plan = [("ezkl", Shape(), "polycommit")]
    if not quick:
        plan += [("ezkl_unbound", Shape(), "private")]
        plan += [("ezkl_argmax", Shape(classes=10), "polycommit")]
    wanted = [each for each in plan if not only or each[0] in only]
    python = _installed(place, rivals.EZKL) if wanted else None
    results.left_out += [
        f"EZKL on {shape.name}, {visibility}"
        for key, shape, visibility in plan
        if not python or (key, shape, visibility) not in wanted
    ]
    for key, shape, visibility in wanted if python else ():
        try:
            each = rivals.ezkl(python, shape, visibility, repeat=1 if quick else 3)
            results.found[key] = _said(each)
        except rivals.RivalError as error:
            told(f"EZKL is left out of {shape.name}: {error}")
            results.left_out.append(f"EZKL on {shape.name}, {visibility}")
    results.sums |= {f"redactory, {name}": took for name, took in rivals.our_sums().items()}
    if not only or "libsodium" in only:
        results.sums["libsodium"] = rivals.libsodium()
    if not only or "arkworks" in only:
        python = _installed(place, rivals.ARKWORKS)
        if python:
            results.sums["arkworks"] = rivals.arkworks(python)
    results.left_out += [name for name in ("libsodium", "arkworks") if name not in results.sums]


def _installed(place: Path, environment: Environment) -> Path | None:
    try:
        return interpreter(place, environment)
    except (NotInstallableError, OSError) as error:
        told(f"{environment.name} is left out: {error}")
        return None


def _said(each: Measured) -> Measured:
    told(
        f"{each.system}, {each.case}: prove {each.prove_s * 1e3:,.1f} ms, verify "
        f"{each.verify_s * 1e3:,.1f} ms, {each.proof_bytes:,} B"
    )
    return each


def told(line: str) -> None:
    """One line for the person who waits."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def machine() -> str:
    """What this ran on."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}"


def main() -> None:
    """Measure, print, and (in full) write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, two or three minutes")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--peers", type=Path, default=PEERS, help="where the peers live")
    parser.add_argument("--only", nargs="*", default=[], help="only these peers, by key")
    options = parser.parse_args()
    rounds, results = (3 if options.quick else 5), Results()
    cases(results, rounds)
    growths(results, rounds, quick=options.quick)
    peers(results, options.peers, options.only, quick=options.quick)
    print(results.as_json() if options.json else results.page())
    if not (options.quick or options.json):
        results.write()


if __name__ == "__main__":
    main()
