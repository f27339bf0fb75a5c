"""A batch of drafts on its way into the log: ids, deduplication, time stamps.

Runs while the writer holds the lock, before anything is written: a draft that is refused
leaves the log as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from audit_ledger.draft import Draft, LeafWriter, Prepared
from audit_ledger.leaf import kind_of
from audit_ledger.merkle import leaf_hash
from audit_ledger.statement import AnyStatement, parse_statement
from redactory.errors import LedgerError

_EVENT_ID_BYTES = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    """One leaf of the log.

    Attributes:
        index: its position, from 0.
        raw: the bytes of the leaf.
        appended: whether this very call to ``append`` added it.
    """

    index: int
    raw: bytes
    appended: bool = False

    @cached_property
    def statement(self) -> AnyStatement:
        """The parsed leaf.

        Raises:
            LedgerError: it is not a statement.
        """
        return parse_statement(self.raw, where=f"leaf {self.index}")

    @cached_property
    def leaf_hash(self) -> bytes:
        """RFC 6962 leaf hash, 32 bytes."""
        return leaf_hash(self.raw)

    @property
    def kind(self) -> str:
        """The statement's kind, without parsing the rest."""
        try:
            return kind_of(self.raw)
        except LedgerError as error:
            raise LedgerError(error.what, where=f"leaf {self.index}") from None


class Fresh(NamedTuple):
    """A leaf to append: the statement's id (hex) and its bytes."""

    id: str
    raw: bytes


def make_batch(
    drafts: Sequence[Prepared],
    *,
    size: int,
    writer: LeafWriter,
    find_all: Callable[[Collection[str]], Mapping[str | None, Entry]],
    randomness: Callable[[int], bytes],
) -> tuple[list[Entry], list[Fresh]]:
    """Turn checked drafts into entries.

    Args:
        drafts: what to append.
        size: leaves in the log before this batch.
        writer: writes the leaves.
        find_all: the statements of the log that have one of these ids.
        randomness: gives that many random bytes, for the ids of events.

    Returns:
        One entry a draft, new or found; and the leaves that are new.

    Raises:
        LedgerError: a draft is not well-formed, or its id is there with other subject digests.
    """
    known = find_all({prepared.id for prepared in drafts if prepared.id is not None})
    entries: list[Entry] = []
    fresh: list[Fresh] = []
    first: dict[str | None, int] = {}
    for position, prepared in enumerate(drafts):
        draft, _, production = prepared
        if production in known:
            entries.append(_same(known[production], draft))
            continue
        if production in first:
            entry, earlier = entries[first[production]], drafts[first[production]].draft
            _refuse_other(entry, draft, earlier.digests())
            entries.append(Entry(entry.index, entry.raw))
            continue
        statement_id = production or randomness(_EVENT_ID_BYTES).hex()
        raw = writer.leaf(prepared, statement_id)
        entry = Entry(size + len(fresh), raw, appended=True)
        fresh.append(Fresh(statement_id, raw))
        entries.append(entry)
        first[statement_id] = position
    return entries, fresh


def rfc3339(nanoseconds: int) -> str:
    """UTC with microseconds; text order is time order."""
    moment = _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _same(known: Entry, draft: Draft) -> Entry:
    _refuse_other(known, draft, known.statement.digests())
    return known


def _refuse_other(known: Entry, draft: Draft, digests: tuple[str, ...]) -> None:
    if digests != draft.digests():
        raise LedgerError(
            f"already holds a '{draft.kind}' statement on this version with another subject",
            where=f"leaf {known.index}",
            hint="another run recorded it first; adopt its files or seal the next version",
        )
