"""What all operators share: Presidio's interface, and what a record tells them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from presidio_anonymizer.operators import Operator, OperatorType

from pii_rules.identity import People

RECORD: Final = "record"


@dataclass
class RecordFacts:
    """What operators may know of the record around a value.

    Attributes:
        subject: who the record is about: the subject column, else what tells records apart.
        names: every name of a person in it.
        taken: canonical forms of its values, by type.
    """

    subject: str = ""
    names: Collection[str] = ()
    taken: Mapping[str, Collection[str]] = field(default_factory=dict)
    _keyed: dict[bytes, People] = field(default_factory=dict, repr=False)

    def people(self, key: bytes) -> People:
        """The people of the record under the ``surrogate`` key."""
        if key not in self._keyed:
            self._keyed[key] = People(key, self.names)
        return self._keyed[key]

    @cached_property
    def collisions(self) -> int:
        """How many people took another fake than elsewhere; ask when all is written."""
        return sum(people.collisions for people in self._keyed.values())


class Anonymizer(Operator):
    """An operator of presidio-anonymizer under the name of its policy key."""

    name: str

    def operator_name(self) -> str:
        """The operator's name in policies."""
        return self.name

    def operator_type(self) -> OperatorType:
        """These operators anonymize."""
        return OperatorType.Anonymize

    def validate(self, params: dict[str, Any] | None = None) -> None:
        """Nothing to check: parameters come from a validated policy."""


def record_of(params: Mapping[str, Any] | None) -> RecordFacts:
    """The record's facts among an operator's parameters; an empty record where there is none."""
    facts = (params or {}).get(RECORD)
    return facts if isinstance(facts, RecordFacts) else RecordFacts()
