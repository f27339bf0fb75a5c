"""What redaction cost a corpus, in counts that add up over shards.

* Share of characters that were replaced.
* Trigrams of words that survive, a stand-in for the perplexity of a language model: what an n-gram
  model could have learned from the original and still can.
* Duplicates before and after: redaction makes records alike that were not.
* Sizes of the groups that share their quasi-identifiers (k-anonymity; Samarati 2001).

Distinct values are counted by bottom-k sketches (Cohen and Kaplan 2007) over keyed digests: the
values with the 256 smallest digests and how often each occurs. Sketches of shards merge into that
of the whole, and are exact up to 256 distinct values.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import regex  # type: ignore[import-untyped]

_KEPT: Final = 256
_DIGEST_BYTES: Final = 8
_SPACE: Final = 1 << (8 * _DIGEST_BYTES)
_WORD: Final = regex.compile(r"\p{Han}|[\p{L}\p{N}]+")
_N: Final = 3


@dataclass
class Sketch:
    """The distinct values with the smallest digests, and how often each occurs."""

    counts: dict[int, int] = field(default_factory=dict)

    def add(self, digest: int, times: int = 1) -> None:
        """Count a value."""
        self.counts[digest] = self.counts.get(digest, 0) + times
        if len(self.counts) > _KEPT:
            del self.counts[max(self.counts)]

    def merge(self, other: Sketch) -> None:
        """Count what another sketch counted."""
        for digest, times in sorted(other.counts.items()):
            if len(self.counts) < _KEPT or digest <= max(self.counts):
                self.add(digest, times)

    @property
    def exact(self) -> bool:
        """Whether every distinct value is here."""
        return len(self.counts) < _KEPT

    def distinct(self) -> float:
        """How many distinct values there are; an estimate within some 6 % beyond 256."""
        if self.exact:
            return float(len(self.counts))
        return (_KEPT - 1) * _SPACE / max(self.counts)

    def sizes(self) -> list[int]:
        """How often each kept value occurs: all of them, or a fair sample of the values."""
        return sorted(self.counts.values())


@dataclass
class Utility:
    """Counts over released records; those of shards add up.

    Attributes:
        records: how many.
        characters_in: their text before,
        characters_out: and after redaction.
        characters_replaced: of the text before.
        trigrams_in: trigrams of words before redaction,
        trigrams_kept: and those of them that are still there.
        texts_in: distinct texts before,
        texts_out: and after.
        groups: distinct combinations of the quasi-identifiers.
    """

    records: int = 0
    characters_in: int = 0
    characters_out: int = 0
    characters_replaced: int = 0
    trigrams_in: int = 0
    trigrams_kept: int = 0
    texts_in: Sketch = field(default_factory=Sketch)
    texts_out: Sketch = field(default_factory=Sketch)
    groups: Sketch = field(default_factory=Sketch)

    def merge(self, other: Utility) -> None:
        """Add the counts of other records."""
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, Sketch):
                mine.merge(theirs)
            else:
                setattr(self, each.name, mine + theirs)

    def as_json(self) -> dict[str, Any]:
        """For storage: sketches as counts by hexadecimal digest."""
        told: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            told[each.name] = _stored(value) if isinstance(value, Sketch) else value
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Utility:
        """What :meth:`as_json` stored."""
        read: dict[str, Any] = {
            name: Sketch({int(d, 16): n for d, n in value.items()})
            if isinstance(value, dict)
            else value
            for name, value in told.items()
        }
        return cls(**read)

    @property
    def replaced_share(self) -> float:
        """Characters replaced, of all."""
        return self.characters_replaced / max(1, self.characters_in)

    @property
    def trigram_share(self) -> float:
        """Trigrams that survive, of all."""
        return self.trigrams_kept / self.trigrams_in if self.trigrams_in else 1.0

    def duplicate_share(self, texts: Sketch) -> float:
        """Records whose text another record has already."""
        return max(0.0, 1 - texts.distinct() / self.records) if self.records else 0.0

    def share_below(self, k: int) -> float:
        """Records that share their quasi-identifiers with fewer than ``k - 1`` others."""
        sizes = self.groups.sizes()
        return sum(size for size in sizes if size < k) / sum(sizes) if sizes else 0.0


class Meter:
    """Counts released records.

    Args:
        key: keys the digests of texts, so that they confirm no guess.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.total = Utility()

    def add(self, before: Sequence[str], after: Sequence[str], written: int) -> None:
        """Count one record.

        Args:
            before: its texts by column,
            after: and after redaction.
            written: characters that redaction wrote.
        """
        total = self.total
        size_in, size_out = sum(map(len, before)), sum(map(len, after))
        total.records += 1
        total.characters_in += size_in
        total.characters_out += size_out
        total.characters_replaced += size_in - (size_out - written)
        for old, new in zip(before, after, strict=True):
            grams = _trigrams(old)
            total.trigrams_in += grams.total()
            total.trigrams_kept += grams.total() if old == new else (grams & _trigrams(new)).total()
        total.texts_in.add(self._digest(before))
        total.texts_out.add(self._digest(after))

    def add_group(self, values: Iterable[object]) -> None:
        """Count the quasi-identifiers of one record."""
        self.total.groups.add(self._digest([str(value) for value in values]))

    def _digest(self, texts: Sequence[str]) -> int:
        raw = "\0".join(texts).encode("utf-8", "surrogatepass")
        made = hashlib.blake2b(raw, digest_size=_DIGEST_BYTES, key=self._key).digest()
        return int.from_bytes(made, "big")


def _trigrams(text: str) -> Counter[tuple[str, ...]]:
    words = [match.group().casefold() for match in _WORD.finditer(text)]
    return Counter(zip(*(words[n:] for n in range(_N)), strict=False))


def _stored(sketch: Sketch) -> dict[str, int]:
    return {f"{digest:016x}": times for digest, times in sketch.counts.items()}
