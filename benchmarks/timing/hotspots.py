"""Where the time of the rules goes, by module, for the notes of docs/benchmarks/profiling.md.

    python benchmarks/timing/hotspots.py [CASE ...]

Counts CPU time, which the profiler inflates where functions are small; what the interpreter's
built-in functions take counts for the module that calls them.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

SIZE = 200_000
LEAST = 0.02
_BUILT_IN = "~"
Function = tuple[str, int, str]


def cases() -> dict[str, list[str]]:
    """Texts by case."""
    from benchmarks.timing.texts import BOOK, LETTER, REPORT, cut, dense, prose, register

    letters = dense(SIZE)
    return {
        "dense": letters,
        "dense, reports": cut("\n\n".join(letters), REPORT),
        "register": cut(register(SIZE), LETTER),
        "prose": cut(prose(SIZE * 4), LETTER),
        "prose, one text": cut(prose(SIZE * 4), BOOK),
    }


def module(function: Function) -> str:
    """A function's module, short."""
    parts = Path(function[0]).with_suffix("").parts
    ours = [n for n, part in enumerate(parts) if part == "pii_rules"]
    return ".".join(parts[ours[-1] + 1 :]) if ours else "libraries"


def shares(texts: Sequence[str]) -> tuple[float, Counter[str], float]:
    """CPU seconds of a search under the profiler, those of each module, and microseconds a finding.

    The last is measured without the profiler.
    """
    from pii_rules import Detector
    from pii_rules.spans import Refused

    detector = Detector(ner="none")

    def search() -> int:
        found = [detector.detect_record({"text": text}) for text in texts]
        return sum(len(spans) for spans in found if not isinstance(spans, Refused))

    search()
    started = time.process_time()
    found = search()
    each = (time.process_time() - started) / max(found, 1) * 1e6
    profile = cProfile.Profile(time.process_time)
    profile.runcall(search)
    own: Counter[str] = Counter()
    for function, (_, _, spent, _, callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if function[0] == _BUILT_IN and callers:
            for caller, (_, _, there, _) in callers.items():
                own["libraries" if caller[0] == _BUILT_IN else module(caller)] += there
        else:
            own[module(function)] += spent
    return sum(own.values()), own, each


def main() -> None:
    """A table a case."""
    known = cases()
    for name in sys.argv[1:] or known:
        texts = known[name]
        whole, own, each = shares(texts)
        size = sum(len(text.encode()) for text in texts) / 1000
        print(f"\n{name}: {size:,.0f} kB, {whole:.2f} s; {each:.0f} µs a finding without profiler")
        print("\n| module | share |\n|---|---:|")
        for part, seconds in own.most_common():
            if seconds >= LEAST * whole:
                print(f"| {part} | {seconds / whole:.0%} |")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    main()
