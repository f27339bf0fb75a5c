"""How a verification came out, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

_PREDICATES = ("is ", "does ", "signs ", "cannot ", "was ", "has ", "holds ", "tells ", "belongs ")

State = Literal["intact", "unproven", "broken"]


@dataclass
class Verdict:
    """The outcome.

    Attributes:
        state: ``intact``; ``unproven`` (consistent in itself, but nothing says who made
            it); ``broken``.
        problems: (file, sentence), the log's first.
        facts: counts and digests for people and programs.
    """

    state: State
    problems: list[tuple[str, str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 intact, 3 broken, 5 when no trusted key vouches for it."""
        return {"intact": 0, "broken": 3, "unproven": 5}[self.state]

    @property
    def sentence(self) -> str:
        """The first broken thing, as one sentence; empty if nothing is broken."""
        return as_sentence(*self.problems[0]) if self.problems else ""


def as_sentence(file: str, what: str) -> str:
    """One sentence for a person who knows nothing of Merkle trees."""
    if what.startswith(_PREDICATES):
        return f"The file {file} {what}."
    place = f" (see {file})" if file else ""
    return f"{what[:1].upper()}{what[1:]}{place}."
