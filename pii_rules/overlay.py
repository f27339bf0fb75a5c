"""What people decided in review: forms that are personal data, and forms that are not.

An overlay is applied between detector and redactor, and the leak gate knows it too. A form counts
where it stands alone in a record, written exactly so. The entries that occur in a shard are part
of the shard's id: a new decision makes the shards that hold its form again, and no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pii_rules.forms import places_of, stands_alone
from pii_rules.resolve import resolve
from pii_rules.spans import Findings, Refused, Span

REVIEW: Final = "review"


@dataclass(frozen=True)
class Overlay:
    """Decisions by form.

    Attributes:
        deny: forms that are personal data, and of which type.
        allow: forms that are none.
    """

    deny: Mapping[str, str] = field(default_factory=dict, repr=False)
    allow: frozenset[str] = field(default_factory=frozenset, repr=False)

    def __bool__(self) -> bool:
        return bool(self.deny or self.allow)

    def with_decisions(self, deny: Mapping[str, str], allow: Iterable[str]) -> Overlay:
        """This overlay and further decisions; the later of two on one form holds."""
        allowed = frozenset(allow)
        kept = {form: kind for form, kind in self.deny.items() if form not in allowed}
        return Overlay({**kept, **deny}, (self.allow | allowed) - deny.keys())

    def applied(self, texts: Mapping[str, str], found: Findings) -> Findings:
        """The findings of a record, with what was decided.

        Args:
            texts: its text by column.
            found: the detector's answer.
        """
        if isinstance(found, Refused) or not self:
            return found
        kept = [s for s in found if texts[s.column][s.start : s.end] not in self.allow]
        decided = [
            Span(column, start, end, self.deny[text[start:end]], 1.0, REVIEW)
            for column, text in texts.items()
            for start, end in places_of(self.deny, text)
            if stands_alone(text, start, end)
        ]
        if not decided:
            return kept
        # What a person decided goes before what a rule found, however long.
        free = [s for s in kept if not any(_overlap(s, other) for other in decided)]
        return resolve([*resolve(decided), *free])

    def within(self, texts: Iterable[str]) -> dict[str, Any]:
        """The entries whose forms occur in some of the texts; empty if none does."""
        sought = {*self.deny, *self.allow}
        seen = (
            {text[a:b] for text in texts for a, b in places_of(sought, text)} if sought else set()
        )
        deny = {form: self.deny[form] for form in sorted(seen & self.deny.keys())}
        allow = sorted(seen & self.allow)
        return {"deny": deny, "allow": allow} if deny or allow else {}

    def as_json(self) -> dict[str, Any]:
        """For storage; it holds raw values."""
        return {"deny": dict(sorted(self.deny.items())), "allow": sorted(self.allow)}


def _overlap(one: Span, other: Span) -> bool:
    return one.column == other.column and one.start < other.end and other.start < one.end
