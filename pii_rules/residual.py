"""What a policy leaves behind, estimated on labelled records.

The share of labelled values of a type that are still readable after redaction, with the 95 %
score interval of Wilson (Journal of the American Statistical Association 22, 1927). It says how
detector and policy do on text like the sample; it promises nothing about other text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import regex  # type: ignore[import-untyped]

from pii_rules.detector import Detector
from pii_rules.identity_map import Collected, Entry
from pii_rules.policy import Policy
from pii_rules.redactor import Redactor
from redactory.errors import InputError, LeakError

_Z: Final = 1.959963984540054  # the two-sided 95 % point of the normal distribution
_READABLE: Final = 3  # so many letters or digits in a row can be read
_WORD: Final = regex.compile(r"[\p{L}\p{N}]+")
_ROWS: Final = 256


@dataclass(frozen=True)
class Residual:
    """What survived of one type.

    Attributes:
        entity_type: the label.
        total: labelled values.
        survived: those of which something can still be read in a released record.
        low: lower end of the 95 % interval of the share.
        high: its upper end.
        limit: what the policy allows.
    """

    entity_type: str
    total: int
    survived: int
    low: float
    high: float
    limit: float

    @property
    def share(self) -> float:
        """The estimate."""
        return self.survived / self.total

    @property
    def over(self) -> bool:
        """Whether the estimate is over the limit."""
        return self.share > self.limit


@dataclass(frozen=True)
class Labelled:
    """A record whose personal data is known.

    Attributes:
        text: its text.
        spans: (start, end, type), code points.
        lang: its language tag, if known.
    """

    text: str
    spans: tuple[tuple[int, int, str], ...]
    lang: str | None = None


def read_labelled(path: str) -> list[Labelled]:
    """Records of a JSON-lines file with the keys ``text``, ``spans`` and perhaps ``lang``.

    Raises:
        InputError: unreadable, or a line is not such a record; names the line only.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise InputError("the labelled sample cannot be read", where=path) from None
    records = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            records.append(_labelled(line, f"{path}, line {number}"))
    if not records:
        raise InputError("the labelled sample holds no record", where=path)
    return records


def estimate(
    records: Sequence[Labelled], detector: Detector, redactor: Redactor, policy: Policy
) -> list[Residual]:
    """What survives of each labelled type; types that the policy keeps are left out.

    A record that would be quarantined lets nothing out.
    """
    totals: dict[str, int] = {}
    survived: dict[str, int] = {}
    for start in range(0, len(records), _ROWS):
        part = records[start : start + _ROWS]
        batch = pa.RecordBatch.from_pydict(
            {
                "text": pa.array([r.text for r in part], pa.string()),
                "lang": pa.array([r.lang for r in part], pa.string()),
            }
        )
        sink = Collected()
        done = redactor.redact(batch, detector.detect(batch), sink=sink)
        released = set(done.kept)
        for number, record in enumerate(part):
            covered = original_places(sink.rows.get(number, ()))
            for first, last, name in record.spans:
                if policy.rule(name).operator == "keep":
                    continue
                totals[name] = totals.get(name, 0) + 1
                if number in released and _readable(record.text, first, last, covered):
                    survived[name] = survived.get(name, 0) + 1
    return [_residual(name, totals[name], survived.get(name, 0), policy) for name in sorted(totals)]


def check(residuals: Iterable[Residual]) -> None:
    """Refuse what leaves more behind than the policy allows.

    Raises:
        LeakError: an estimate is over its limit; names the types.
    """
    over = [r for r in residuals if r.over]
    if over:
        told = ", ".join(f"{r.entity_type} {r.share:.1%} of at most {r.limit:.1%}" for r in over)
        raise LeakError(
            f"on the labelled sample more personal data survives than the policy allows: {told}",
            hint="mend rules or policy, or raise residual_limits in the policy",
        )


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a share."""
    if not trials:
        return 0.0, 1.0
    share, z2 = successes / trials, _Z * _Z
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    spread = share * (1 - share) / trials + z2 / (4 * trials * trials)
    half = _Z * math.sqrt(spread) / (1 + z2 / trials)
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    return low, 1.0 if successes == trials else min(1.0, middle + half)


def original_places(entries: Iterable[Entry]) -> list[tuple[int, int]]:
    """Where the replaced values stood in the original text of one column, sorted."""
    places, shift = [], 0
    for entry in sorted(entries, key=lambda e: (e.start, e.end)):
        start = entry.start + shift
        places.append((start, start + len(entry.original)))
        shift += len(entry.original) - (entry.end - entry.start)
    return places


def _readable(text: str, start: int, end: int, covered: Sequence[tuple[int, int]]) -> bool:
    """Whether all of the value was left uncovered, or three characters of a word of it."""
    hidden = bytearray(end - start)
    for first, last in covered:
        for place in range(max(first, start), min(last, end)):
            hidden[place - start] = 1
    words = (range(w.start() - start, w.end() - start) for w in _WORD.finditer(text, start, end))
    seen = (sum(not hidden[place] for place in places) for places in words)
    return not any(hidden) or any(count >= _READABLE for count in seen)


def _residual(name: str, total: int, survived: int, policy: Policy) -> Residual:
    return Residual(
        name, total, survived, *wilson(survived, total), policy.residual_limits.of(name)
    )


def _labelled(line: str, where: str) -> Labelled:
    try:
        record: Mapping[str, Any] = json.loads(line)
        text, lang = record["text"], record.get("lang")
        spans = tuple((int(a), int(b), str(name)) for a, b, name in record["spans"])
        fits = isinstance(text, str) and all(0 <= a < b <= len(text) for a, b, _ in spans)
    except (ValueError, KeyError, TypeError, AttributeError):
        fits = False
    if not fits:
        raise InputError(
            "is not a labelled record", where=where, hint='{"text": …, "spans": [[0, 4, "PERSON"]]}'
        )
    return Labelled(text, spans, lang if isinstance(lang, str) else None)
