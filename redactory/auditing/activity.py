"""What happened lately, as a person would tell it: runs, and what people did to keys and data."""

from __future__ import annotations

from heapq import nlargest
from typing import Any, NamedTuple

from redactory.auditing.facts import (
    ACCESS_KINDS,
    CHECK_KINDS,
    DECISION_KINDS,
    KEY_KINDS,
    LogFacts,
    RunFacts,
)
from redactory.auditing.watch import Look

_RUN_KINDS = frozenset({"ingested", "redacted", "sealed", "published", "quarantined"})


class Event(NamedTuple):
    """One thing that happened.

    Attributes:
        kind: of the statement; ``run`` for all that a run stated.
        body: of the statement; None for a run.
        run: None for anything else.
    """

    time: str
    kind: str
    actor: str
    dataset: str
    leaf: int
    body: Any
    run: RunFacts | None


def recent(look: Look, count: int, dataset: str = "") -> list[Event]:
    """The newest events, newest first.

    Args:
        look: at the log.
        count: how many.
        dataset: only about this one; all if empty.

    Raises:
        LedgerError: a statement was changed since it was verified.
    """
    if look.facts is None:
        return []
    events = _runs(look.facts, count, dataset)
    for group in (ACCESS_KINDS, KEY_KINDS, DECISION_KINDS, CHECK_KINDS):
        events += statements(look, group, count, dataset)
    return nlargest(count, events, key=lambda event: (event.time, event.leaf))


def statements(
    look: Look, group: frozenset[str], count: int, dataset: str = "", before: int | None = None
) -> list[Event]:
    """The newest statements of a group of kinds, newest first.

    Raises:
        LedgerError: a statement was changed since it was verified.
    """
    facts = look.facts
    if facts is None:
        return []
    chosen: list[int] = []
    for index in reversed(facts.by_group[group]):
        if before is not None and index >= before:
            continue
        if dataset in ("", facts.rows[index].dataset):
            chosen.append(index)
            if len(chosen) == count:
                break
    rows = facts.rows
    return [
        Event(rows[i].time, rows[i].kind, rows[i].actor, rows[i].dataset, i, body, None)
        for i, body in ((entry.index, entry.statement.body) for entry in look.entries(chosen))
    ]


def _runs(facts: LogFacts, count: int, dataset: str) -> list[Event]:
    newest = nlargest(
        count,
        (
            run
            for run in facts.runs.values()
            if dataset in ("", *run.datasets) and run.kinds.keys() & _RUN_KINDS
        ),
        key=lambda run: run.newest,
    )
    return [
        Event(
            run.last,
            "run",
            ", ".join(sorted(run.actors)),
            dataset or min(run.datasets, default=""),
            run.newest,
            None,
            run,
        )
        for run in newest
    ]
