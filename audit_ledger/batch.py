"""A batch of drafts on its way into the log: ids, deduplication, time stamps.

Runs while the writer holds the lock, before anything is written: a draft that is refused
leaves the log as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from audit_ledger.bodies import Body
from audit_ledger.draft import Draft, Provenance, draft_id, make_statement
from audit_ledger.environment import Environment
from audit_ledger.merkle import leaf_hash
from audit_ledger.statement import AnyStatement
from redactory.errors import LedgerError

_EVENT_ID_BYTES = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One leaf of the log.

    Attributes:
        index: its position, from 0.
        statement: the parsed leaf.
        leaf_hash: RFC 6962 leaf hash, 32 bytes.
        appended: whether this very call to ``append`` added it.
    """

    index: int
    statement: AnyStatement
    leaf_hash: bytes
    appended: bool = False


class Batch:
    """Collects the leaves of one append.

    Args:
        size: leaves in the log before this batch.
        newest: time of the log's last statement, or empty.
        find: looks up a statement of the log by id.
        provenance: who appends.
        environment: clock and randomness.

    Attributes:
        leaves: encoded statements to append, in order.
    """

    def __init__(
        self,
        *,
        size: int,
        newest: str,
        find: Callable[[str], Entry | None],
        provenance: Provenance,
        environment: Environment,
    ) -> None:
        self.leaves: list[bytes] = []
        self._size = size
        self._find = find
        self._provenance = provenance
        self._randomness = environment.randomness
        # Sequencer's time: it never goes backwards, whatever the clock does.
        self._time = max(rfc3339(environment.clock()), newest)
        self._fresh: dict[str, Entry] = {}

    def add(self, draft: Draft, body: Body) -> Entry:
        """Take a draft; the entry that it becomes, or that is already there.

        Raises:
            LedgerError: not well-formed, or its id is there with other subject digests.
        """
        production = draft_id(draft, body)
        statement_id = production or self._randomness(_EVENT_ID_BYTES).hex()
        statement = make_statement(
            draft, body, self._provenance, statement_id=statement_id, time=self._time
        )
        if production is not None:
            known = self._fresh.get(production) or self._find(production)
            if known is not None:
                return _same(known, statement)
        raw = statement.encode()
        index = self._size + len(self.leaves)
        entry = Entry(index, statement, leaf_hash(raw), appended=True)
        self.leaves.append(raw)
        self._fresh[statement_id] = entry
        return entry


def rfc3339(nanoseconds: int) -> str:
    """UTC with microseconds; text order is time order."""
    moment = _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _same(known: Entry, statement: AnyStatement) -> Entry:
    if known.statement.digests() != statement.digests():
        raise LedgerError(
            f"already holds a '{statement.kind}' statement on this version with another subject",
            where=f"leaf {known.index}",
            hint="another run recorded it first; adopt its files or seal the next version",
        )
    return Entry(known.index, known.statement, known.leaf_hash)
