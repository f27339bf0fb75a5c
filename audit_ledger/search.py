"""Finding statements in a log by what they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from audit_ledger.batch import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a statement must match; what is not given matches all.

    Attributes:
        kind: its kind.
        actor: name of who made it.
        run: id of its run.
        dataset: id of its dataset, whatever the area.
        shard: beginning of the id of a shard that it is about.
        digest: a digest that it holds anywhere.
        since: earliest time, any beginning of an RFC 3339 time in UTC.
        until: time before which it was made, likewise.
    """

    kind: str | None = None
    actor: str | None = None
    run: str | None = None
    dataset: str | None = None
    shard: str | None = None
    digest: str | None = None
    since: str | None = None
    until: str | None = None

    def among(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Those of the entries that match."""
        wanted = self.digest.lower().encode() if self.digest else b""
        for entry in entries:
            # Most statements are passed over without being parsed.
            if wanted in entry.raw and self.kind in (None, entry.kind) and self._matches(entry):
                yield entry

    def _matches(self, entry: Entry) -> bool:
        predicate = entry.statement.predicate
        body = predicate.body
        named = str(getattr(body, "dataset", ""))
        shards = [str(getattr(body, "shard", "")), *getattr(body, "stems", ())]
        return (
            self.actor in (None, predicate.actor.name)
            and (self.run is None or self.run in (_run(entry), getattr(body, "run_id", None)))
            and (self.dataset is None or named.split("/", maxsplit=1)[0] == self.dataset)
            and (self.shard is None or any(s.startswith(self.shard) for s in shards))
            and (self.since is None or predicate.time >= self.since)
            and (self.until is None or predicate.time < self.until)
        )


def _run(entry: Entry) -> str | None:
    run = entry.statement.predicate.run
    return None if run is None else run.run_id
